internal import PluginKit
internal import SQLite

/// Answers requests for blobs that are there; what comes is with `BlobUploads`.
@PluginActor
final class BlobService {
  let stores: DocumentStores
  let uploads: BlobUploads
  let work: BlobWork
  private let context: Context
  let directory: String
  /// Bytes that one tenant has at most, with what is coming.
  let quota: Int64

  init(context: Context, stores: DocumentStores, directory: String, quota: Int, grace: Duration) {
    self.context = context
    self.stores = stores
    self.directory = directory
    self.quota = Int64(quota)
    uploads = BlobUploads(clock: context.clock)
    work = BlobWork(context: context, stores: stores, directory: directory, grace: grace)
  }

  /// Removes what an earlier process left unfinished, and looks for files that it left without an entry.
  func start() {
    for scope in BlobFiles.scopes(in: directory) {
      BlobFiles(in: directory, scope).removeIncoming()
      work.scan(scope)
    }
  }

  /// Ends what is under way; an upload that has not ended is gone.
  func stop() async {
    uploads.removeAll()
    await work.stop()
  }

  /// Answers a request.
  func answer(_ operation: BlobOperation, _ scope: DocumentScope) throws -> Response {
    switch operation {
    case .begin(let announced): Response(json: try begin(announced, scope))
    case .append(let piece): Response(json: try append(piece, scope))
    case .commit(let name): Response(json: try commit(name, scope))
    case .reference(let referrer, let digest): Response(json: try refer(referrer, digest, scope))
    case .release(let foreignID, let digest): Response(json: try release(foreignID, digest, scope))
    case .get(let digest, let offset, let count): try get(digest, offset, count, scope)
    case .stat(let digest): Response(json: try stat(digest, scope))
    }
  }

  // MARK: - Uploads

  private func begin(_ announced: BlobAnnouncement, _ scope: DocumentScope) throws(StorageError) -> JSON {
    let files = BlobFiles(in: directory, scope)
    let now = now
    let (answer, used): (JSONObject?, Int64) = try write(scope) { (store) throws(SQLiteError) in
      let used = try store.usage().bytes
      // A file that is gone, or not whole, is put again.
      guard let stored = try store.find(announced.digest, in: scope.collection), stored.size == announced.size,
        files.size(of: announced.digest) == stored.size
      else { return (nil, used) }
      try store.touch(stored, in: scope.collection, now: now)
      var answer: JSONObject = ["stored": true]
      answer["reference"] = try Self.refer(announced, to: stored, scope, store)
      return (answer, used)
    }
    if let answer {
      work.look(into: scope)
      return .object(answer)
    }
    let coming = uploads.announced(for: scope)
    guard announced.size <= quota - used - coming else {
      let found = "\(used) bytes stored and \(coming) coming"
      throw StorageError("size: expected room for \(announced.size) bytes in blobs_quota \(quota), found \(found)")
    }
    let name = try uploads.begin(announced, scope, files)
    return ["stored": false, "upload": .string(name), "offset": 0]
  }

  private func append(_ piece: BlobPiece, _ scope: DocumentScope) throws(StorageError) -> JSON {
    let received = try uploads.append(piece, scope)
    context.metrics.add("blob_bytes_received_total", Double(piece.bytes.count))
    return ["offset": .int(received)]
  }

  private func commit(_ name: String, _ scope: DocumentScope) throws(StorageError) -> JSON {
    let upload = try uploads.finish(name, scope)
    let files = BlobFiles(in: directory, scope)
    let now = now
    var failure: StorageError?
    let answer: JSONObject?
    do throws(StorageError) {
      answer = try write(scope) { (store) throws(SQLiteError) in
        // First, and where no other process removes what it does not know: until the end of this, nobody knows it.
        do throws(StorageError) {
          try files.adopt(upload.file.path, as: upload.file.digest)
        } catch {
          failure = error
          return nil
        }
        let stored = try store.add(upload.file.digest, size: upload.file.size, to: scope.collection, now: now)
        var answer: JSONObject = ["sha256": .string("\(stored.digest)"), "size": .int(stored.size)]
        answer["reference"] = try Self.refer(upload.announced, to: stored, scope, store)
        return answer
      }
    } catch {
      // Nobody knows the file now, unless it was there before.
      upload.file.remove()
      work.forget(upload.file.digest, scope)
      throw error
    }
    guard let answer else {
      upload.file.remove()
      throw failure ?? StorageError("blob \(upload.file.digest) cannot be kept")
    }
    work.look(into: scope)
    context.metrics.add("blobs_stored_total")
    return .object(answer)
  }

  // MARK: - References

  private func refer(_ referrer: BlobReferrer, _ digest: BlobDigest, _ scope: DocumentScope) throws(StorageError)
    -> JSON
  {
    let outcome: BlobStore.Outcome? = try write(scope) { (store) throws(SQLiteError) in
      guard let stored = try store.find(digest, in: scope.collection) else { return nil }
      return try store.refer(scope.collection, referrer, to: stored)
    }
    guard let outcome else { throw Self.unknown(digest, scope) }
    return ["reference": .string(outcome.rawValue)]
  }

  private func release(_ foreignID: String, _ digest: BlobDigest?, _ scope: DocumentScope) throws(StorageError) -> JSON
  {
    let now = now
    let released: Int = try write(scope) { (store) throws(SQLiteError) in
      let one = try digest.map { (digest) throws(SQLiteError) in try store.find(digest)?.id ?? -1 }
      return try store.release(scope.collection, foreignID, one, now: now)
    }
    if released > 0 { work.look(into: scope) }
    return ["released": .int(Int64(released))]
  }

  // MARK: - Parts

  /// Milliseconds since 1970.
  private var now: Int64 { context.clock.now.milliseconds }

  private func write<Value>(
    _ scope: DocumentScope,
    _ body: (BlobStore) throws(SQLiteError) -> Value
  ) throws(StorageError) -> Value {
    try stores.with(scope) { (store) throws(SQLiteError) in
      try store.database.transaction { () throws(SQLiteError) in try body(store.blobs) }
    }
  }

  /// The reference that was announced with a blob; nil: none was.
  private nonisolated static func refer(
    _ announced: BlobAnnouncement,
    to blob: BlobStore.Stored,
    _ scope: DocumentScope,
    _ store: BlobStore
  ) throws(SQLiteError) -> JSON? {
    guard let referrer = announced.referrer else { return nil }
    return .string(try store.refer(scope.collection, referrer, to: blob).rawValue)
  }

  static func unknown(_ digest: BlobDigest, _ scope: DocumentScope) -> StorageError {
    StorageError("blob \(digest): \(scope.collection) of \(scope.provider)/\(scope.tenant) has none of this digest")
  }
}
