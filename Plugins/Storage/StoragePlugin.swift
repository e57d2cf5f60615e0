internal import Glibc
public import PluginKit
internal import SQLite

/// The service that keeps documents, their vectors and their blobs: one SQLite database for each provider and tenant,
/// searched by field, by text and by nearness, and files beside it.
///
/// Every request is of the tenant that the host has stamped on it; nothing in a payload can name another. Writes that
/// come together are one transaction, and each is answered after it.
@PluginActor
public final class StoragePlugin: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "storage"

  /// How long one request may read: all tenants wait for it, since there is one thread.
  static let readMax = Duration.seconds(2)
  /// Bytes that vectors in memory take unless the operator says otherwise: half of what the plugin may have by default,
  /// for some 70,000 vectors of 384 elements.
  private static let vectorsMemory = 128 << 20
  /// Bytes of blobs that a tenant has unless the operator says otherwise: a quarter of `limits.disk` by default.
  private static let blobsQuota = 1 << 30
  /// How long a blob stays that nothing refers to, unless the operator says otherwise: longer than it takes until an
  /// event whose worker was killed has come again.
  private static let blobsGrace = Duration.seconds(3_600)

  private let context: Context
  private let directory: String
  private let stores: DocumentStores
  private let writes: WriteQueue
  private let vectors: VectorService
  private let blobs: BlobService

  /// Reads where to keep the databases, and how.
  public init(context: Context) throws {
    self.context = context
    directory = try context.config.string("directory")
    guard directory.hasPrefix("/") else {
      throw StorageError("config.directory: expected an absolute path, found \"\(directory)\"")
    }
    let sync = try context.config.string("sync", default: "full")
    guard let synchronous = DocumentStore.Synchronous(rawValue: sync) else {
      throw StorageError("config.sync: expected full or normal, found \"\(sync)\"")
    }
    let limit = try context.config.int("batch_max", default: 256, in: 1...4_096)
    stores = DocumentStores(directory: directory, synchronous: synchronous)
    writes = WriteQueue(context: context, stores: stores, limit: limit)
    let memory = try context.config.bytes("vectors_memory", default: Self.vectorsMemory)
    let indexes = VectorIndexes(context: context, directory: directory, memoryMax: memory)
    vectors = VectorService(context: context, stores: stores, writes: writes, indexes: indexes)
    blobs = BlobService(
      context: context,
      stores: stores,
      directory: directory,
      quota: try context.config.bytes("blobs_quota", default: Self.blobsQuota),
      grace: try context.config.duration("blobs_grace", default: Self.blobsGrace)
    )
    // Weak: they hold what they hear of.
    stores.opened = { [weak vectors, weak blobs] in
      vectors?.opened($0)
      blobs?.work.opened($0)
    }
    writes.written = { [weak vectors] in vectors?.written($0, $1) }
    writes.released = { [weak blobs] in blobs?.work.look(into: $0) }
  }

  /// Looks whether the directory can be used.
  public func start() async throws {
    // A file that may not grow further is a full disk and answered as one; the signal would end the process.
    signal(SIGXFSZ, SIG_IGN)
    guard unsafe access(directory, R_OK | W_OK | X_OK) == 0 else {
      throw StorageError("config.directory: \(directory): \(unsafe String(cString: strerror(errno)))")
    }
    blobs.start()
  }

  /// Answers a request for documents, vectors or blobs.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let request = try DocumentRequest(envelope)
    let limit = limit(of: envelope)
    switch request.operation {
    case .put(let puts):
      let written = try await writes.write(puts.map(DocumentChange.put), request.scope)
      if let index = written.firstIndex(of: .tooLarge) {
        let what = "with what is stored it is larger than \(Document.sizeMax) bytes; the others are written"
        throw StorageError("documents[\(index)]: \(what)")
      }
      return Response(json: [
        "written": written.count(of: .written), "unchanged": written.count(of: .unchanged),
        "stale": written.count(of: .stale),
      ])
    case .delete(let deletions):
      let deleted = try await writes.write(deletions.map(DocumentChange.delete), request.scope)
      return Response(json: [
        "deleted": deleted.count(of: .written), "missing": deleted.count(of: .unchanged),
        "stale": deleted.count(of: .stale),
      ])
    case .erase(let erasure):
      return Response(json: try erase(erasure, request.scope).json)
    case .get(let foreignID):
      let answer = try stores.with(request.scope, within: limit) { (store) throws(DocumentStore.Failure) in
        try store.answer(request.scope.collection, foreignID)
      }
      return Response(json: answer)
    case .query(let query):
      let page = try stores.with(request.scope, within: limit) { (store) throws(DocumentStore.Failure) in
        try store.query(request.scope.collection, query)
      }
      return Response(json: page.json)
    case .count(let filter):
      let count = try stores.with(request.scope, within: limit) { (store) throws(DocumentStore.Failure) in
        try store.count(request.scope.collection, filter)
      }
      return Response(json: ["count": .int(count)])
    case .blobs(let operation):
      return try blobs.answer(operation, request.scope)
    case .vectors(let operation):
      return try await vectors.answer(operation, request.scope, within: limit)
    }
  }

  /// Does one step of an erasure.
  private func erase(_ erasure: DocumentErasure, _ scope: DocumentScope) throws(StorageError) -> ErasureStep {
    let (step, changed) = try stores.with(scope) { (store) throws(DocumentStore.Failure) in
      (try store.erase(erasure, scope.collection), store.vectors.changes)
    }
    writes.written(scope, changed)
    for digest in step.files { blobs.work.forget(digest, scope) }
    return step
  }

  /// How long a request that only reads may take: until whoever asks gives up, and no longer than others may wait.
  private func limit(of envelope: Envelope) -> Duration {
    guard envelope.deadline != 0 else { return Self.readMax }
    let left = Duration.nanoseconds(envelope.deadline) - .nanoseconds(context.clock.now.nanoseconds)
    return min(max(left, .zero), Self.readMax)
  }

  /// Closes the databases.
  public func stop() async {
    await blobs.stop()
    await vectors.stop()
    stores.close()
  }
}

extension [DocumentChange.Outcome] {
  /// How many changes had that outcome.
  func count(of outcome: DocumentChange.Outcome) -> JSON {
    .int(Int64(count { $0 == outcome }))
  }
}
