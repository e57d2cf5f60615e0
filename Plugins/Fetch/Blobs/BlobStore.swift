internal import CLinux
internal import Glibc
internal import PluginKit

/// Whose blobs.
struct BlobScope: Sendable, Hashable, CustomStringConvertible {
  let provider: String
  let tenant: String

  /// The name of its directory: a dot stands in no provider and no tenant.
  var description: String { "\(provider).\(tenant)" }
}

/// Answers too large for an envelope, in files named by their digests: `<provider>.<tenant>/<sha256>`.
///
/// Each tenant has its own, so that none can learn what another has fetched, and a quota of its own, the oldest going
/// first. A file gets its name when all of it is on the disk; what was under way when a process ended is removed by
/// the next.
@PluginActor
final class BlobStore {
  private struct Entry {
    let sha256: String
    let size: Int
  }

  /// Where blobs are written.
  nonisolated let incoming: String
  private let directory: String
  private let quota: Int
  /// By tenant, oldest first.
  private var entries: [String: [Entry]] = [:]

  /// A store in a directory that is there.
  init(directory: String, quota: Int) {
    self.directory = directory
    self.quota = quota
    incoming = "\(directory)/incoming"
  }

  /// How many bytes are kept.
  var size: Int { entries.values.joined().reduce(0) { $0 + $1.size } }

  /// Removes what a process left unfinished, and finds the rest.
  func open() throws(FetchError) {
    guard unsafe mkdir(incoming, 0o700) == 0 || errno == EEXIST else {
      throw FetchError("config.directory: \(incoming): \(unsafe String(cString: strerror(errno)))")
    }
    for name in Self.names(in: incoming) { unsafe unlink("\(incoming)/\(name)") }
    for scope in Self.names(in: directory) where scope.contains(".") {
      let found = Self.names(in: "\(directory)/\(scope)").filter(Self.isDigest).compactMap { name -> (Entry, Int64)? in
        var status = stat()
        guard unsafe stat("\(directory)/\(scope)/\(name)", &status) == 0 else { return nil }
        return (Entry(sha256: name, size: Int(status.st_size)), unsafe linux_modified(&status))
      }
      entries[scope] = found.sorted { $0.1 < $1.1 }.map(\.0)
      makeRoom(for: 0, in: scope)
    }
  }

  /// Gives a written blob its name, and forgets older ones of the tenant where it needs their room.
  func keep(_ written: BlobWriter.Written, for scope: BlobScope) throws(FetchError) {
    let scope = scope.description
    entries[scope]?.removeAll { $0.sha256 == written.sha256 }
    makeRoom(for: written.size, in: scope)
    let place = "\(directory)/\(scope)"
    let isThere = unsafe mkdir(place, 0o700) == 0 || errno == EEXIST
    guard isThere, unsafe rename(written.path, "\(place)/\(written.sha256)") == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      unsafe unlink(written.path)
      throw FetchError("the body cannot be kept: \(reason)")
    }
    entries[scope, default: []].append(Entry(sha256: written.sha256, size: written.size))
  }

  /// A piece of a blob; empty behind its end.
  func read(_ sha256: String, of scope: BlobScope, at offset: Int64, count: Int) throws(FetchError) -> [UInt8] {
    // The digest is checked first, so that no text of a requester's becomes a path.
    guard Self.isDigest(sha256) else { throw FetchError("sha256: expected 64 digits of 0-9 and a-f") }
    let file = unsafe Glibc.open("\(directory)/\(scope)/\(sha256)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else {
      throw FetchError("blob \(sha256): \(scope) has none of this digest, or newer ones took its room: fetch it again")
    }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = unsafe pread(file, &bytes, count, off_t(offset))
    guard read >= 0 else { throw FetchError("blob \(sha256): \(unsafe String(cString: strerror(errno)))") }
    return Array(bytes.prefix(read))
  }

  /// Removes all of a tenant's.
  ///
  /// - Returns: How many there were.
  func removeAll(of scope: BlobScope) -> Int {
    let kept = entries.removeValue(forKey: scope.description) ?? []
    for entry in kept { unsafe unlink("\(directory)/\(scope)/\(entry.sha256)") }
    return kept.count
  }

  private func makeRoom(for size: Int, in scope: String) {
    var kept = entries[scope] ?? []
    var used = kept.reduce(size) { $0 + $1.size }
    while used > quota, !kept.isEmpty {
      let oldest = kept.removeFirst()
      unsafe unlink("\(directory)/\(scope)/\(oldest.sha256)")
      used -= oldest.size
    }
    entries[scope] = kept
  }

  private static func isDigest(_ name: String) -> Bool {
    name.utf8.count == 2 * SHA256.size
      && name.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
