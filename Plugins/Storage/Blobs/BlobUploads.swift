internal import Glibc
internal import PluginKit

/// The blobs that are coming, of all tenants.
@PluginActor
final class BlobUploads {
  /// How many of one tenant come at once: twice as many as one worker fetches at a time.
  nonisolated static let countMax = 16
  /// How long nothing of one may come, until it counts as abandoned: many times what a worker takes for a piece.
  nonisolated static let idleMax = Duration.seconds(120)

  private let clock: Clock
  private var uploads: [String: BlobUpload] = [:]
  private var sweeper: Task<Void, Never>?

  init(clock: Clock) {
    self.clock = clock
  }

  /// How many bytes are to come for a tenant, or have come.
  func announced(for scope: DocumentScope) -> Int64 {
    of(scope).reduce(0) { $0 + $1.announced.size }
  }

  /// Begins one; returns the name by which its pieces say where they belong.
  func begin(_ announced: BlobAnnouncement, _ scope: DocumentScope, _ files: BlobFiles) throws(StorageError) -> String {
    sweep()
    let count = of(scope).count
    guard count < Self.countMax else {
      throw StorageError("expected at most \(Self.countMax) uploads at once, found \(count); ask again later")
    }
    // Said here rather than after the most of it has come.
    let limit = Self.fileSizeMax
    guard announced.size <= limit else {
      throw StorageError("size: expected at most \(limit) bytes, as a file of the storage may have, found more")
    }
    // Nobody can guess it, so nobody goes on with another's.
    let name = Hex.encode((0..<16).map { _ in UInt8.random(in: 0 ... .max) })
    uploads[name] = try BlobUpload(announced, scope, named: name, in: files, now: clock.now.nanoseconds)
    keepSweeping()
    return name
  }

  /// Goes on with one; returns how much of it there is.
  func append(_ piece: BlobPiece, _ scope: DocumentScope) throws(StorageError) -> Int64 {
    let upload = try upload(piece.upload, scope)
    guard piece.offset == upload.received else {
      throw StorageError("offset: expected \(upload.received), found \(piece.offset)")
    }
    let left = upload.announced.size - upload.received
    guard piece.bytes.count <= left else {
      throw StorageError("data: expected at most \(left) bytes more, found \(piece.bytes.count)")
    }
    upload.touched = clock.now.nanoseconds
    do throws(StorageError) {
      try upload.append(piece.bytes)
    } catch {
      // What it took may be what others lack.
      uploads[piece.upload] = nil
      throw error
    }
    return upload.received
  }

  /// Ends one that is all there.
  func finish(_ name: String, _ scope: DocumentScope) throws(StorageError) -> (
    announced: BlobAnnouncement, file: BlobUpload.Finished
  ) {
    let upload = try upload(name, scope)
    guard upload.received == upload.announced.size else {
      throw StorageError("expected \(upload.announced.size) bytes before the commit, found \(upload.received)")
    }
    uploads[name] = nil
    return (upload.announced, try upload.finish())
  }

  /// Removes all.
  func removeAll() {
    uploads = [:]
    sweeper?.cancel()
    sweeper = nil
  }

  private func of(_ scope: DocumentScope) -> [BlobUpload] {
    uploads.values.filter { $0.scope.provider == scope.provider && $0.scope.tenant == scope.tenant }
  }

  private func upload(_ name: String, _ scope: DocumentScope) throws(StorageError) -> BlobUpload {
    guard let upload = uploads[name], upload.scope == scope else {
      throw StorageError("upload: expected one that has begun and was not abandoned, found another; begin again")
    }
    return upload
  }

  /// Removes those that were abandoned.
  private func sweep() {
    let now = clock.now.nanoseconds
    uploads = uploads.filter { .nanoseconds(now - $0.value.touched) < Self.idleMax }
  }

  /// Has somebody look for as long as there are any; without the grant `clock`, the next that begins does.
  private func keepSweeping() {
    guard sweeper == nil else { return }
    sweeper = PluginActor.task { [self] in
      while !uploads.isEmpty {
        guard (try? await clock.sleep(for: Self.idleMax)) != nil else { break }
        sweep()
      }
      sweeper = nil
    }
  }

  /// The largest file that may be written, as the host has set it.
  private static var fileSizeMax: Int64 {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { return .max }
    return Int64(clamping: limit.rlim_cur)
  }
}
