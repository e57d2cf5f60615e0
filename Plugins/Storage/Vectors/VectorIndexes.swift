internal import PluginKit
internal import SQLite
internal import VectorIndex

/// The indexes of all tenants that are in memory: those used last, as many as `vectors_memory` holds.
@PluginActor
final class VectorIndexes {
  /// Up to so many vectors are read when they are searched for the first time: about 10 ms.
  private nonisolated static let readAtOnce = 2_048

  private let context: Context
  private let directory: String
  /// Bytes that all of them take at most.
  private let memoryMax: Int
  /// The one used last at the end.
  private var open: [OpenIndex] = []
  /// Models that are too large for the memory, told of once.
  private var refused: Set<[String]> = []

  init(context: Context, directory: String, memoryMax: Int) {
    self.context = context
    self.directory = directory
    self.memoryMax = memoryMax
  }

  /// The vectors of a model, with all that the database has; nil if they are not in memory, or not all of them yet.
  func index(_ scope: DocumentScope, _ model: StoredModel, _ store: VectorStore) throws(SQLiteError) -> VectorIndex? {
    var found = find(scope, model)
    if found == nil { found = try make(scope, model, store) }
    guard let found, found.isLoaded else { return nil }
    try found.catchUp(store)
    if found.hasNoMemory { forget(found) }
    makeRoom(for: 0)
    // It may have been the one that there is no room for any more.
    return open.contains { $0 === found } ? found.index : nil
  }

  /// What there is to be known about the index of a model; nil if it is not in memory.
  func state(_ scope: DocumentScope, _ model: StoredModel) -> JSON? {
    open.first { $0.isOf(scope, model.id) }?.json
  }

  /// Takes out of memory what has gone from a tenant's database.
  func changed(_ scope: DocumentScope, _ changes: VectorStore.Changes) {
    for (model, id) in changes.removed { open.first { $0.isOf(scope, model) }?.remove(id) }
  }

  /// Forgets the index of a model that is being dropped, and its file.
  func discard(_ scope: DocumentScope, _ model: StoredModel) {
    open.removeAll { $0.isOf(scope, model.id) }
    file(scope, model).remove()
  }

  /// Writes the files of all, and forgets them.
  func close() {
    for index in open { index.save() }
    open = []
  }

  // MARK: - Work

  /// Where there is something to be done; nil if there is nothing.
  var work: OpenIndex? { open.last { $0.hasWork } }

  /// Does a little of it.
  func step(_ index: OpenIndex, _ store: VectorStore) throws(SQLiteError) {
    let before = index.hasWork
    try index.step(store)
    tellDamage(of: index)
    if index.hasNoMemory {
      forget(index)
      context.log.warning("no memory for a vector index", ["model": .string(index.model.model.name)])
    }
    makeRoom(for: 0)
    context.metrics.set("vectors_waiting", Double(open.reduce(0) { $0 + ($1.index.wantsLinks ? $1.index.waiting : 0) }))
    if before, !index.hasWork, index.index.linked > 0 {
      index.save()
      context.log.info("a vector index is ready", ["model": .string(index.model.model.name), "index": index.json])
    }
  }

  /// Gives up one with which something is wrong.
  func forget(_ index: OpenIndex) {
    open.removeAll { $0 === index }
  }

  // MARK: - Memory

  private func find(_ scope: DocumentScope, _ model: StoredModel) -> OpenIndex? {
    guard let place = open.firstIndex(where: { $0.isOf(scope, model.id) }) else { return nil }
    let found = open.remove(at: place)
    open.append(found)
    return found
  }

  private func make(
    _ scope: DocumentScope,
    _ model: StoredModel,
    _ store: VectorStore
  ) throws(SQLiteError) -> OpenIndex? {
    let count = Int(try store.counts(of: model).vectors)
    let memory = VectorIndex.memory(dimension: model.model.dimension, count: count)
    let name = [scope.provider, scope.tenant, scope.collection, model.model.fingerprint]
    guard memory <= memoryMax else {
      if refused.insert(name).inserted {
        let fields: JSONObject = ["model": .string(model.model.name), "bytes": .int(Int64(memory))]
        context.log.warning("vectors are searched on the disk: they take more than config.vectors_memory", fields)
      }
      return nil
    }
    refused.remove(name)
    makeRoom(for: memory)
    guard let made = try? OpenIndex(scope, model, file(scope, model), count: count) else { return nil }
    open.append(made)
    if count <= Self.readAtOnce { try made.load(store, limit: .max) }
    tellDamage(of: made)
    return made
  }

  /// Says once that a file cannot be used.
  private func tellDamage(of index: OpenIndex) {
    guard let why = index.damage.take() else { return }
    let fields: JSONObject = ["model": .string(index.model.model.name), "why": .string(why.description)]
    context.log.warning("the file of a vector index cannot be used: the index is made again", fields)
  }

  /// Closes those used longest ago until so many more bytes can be taken.
  private func makeRoom(for bytes: Int) {
    while let first = open.first, open.reduce(bytes, { $0 + $1.index.memory }) > memoryMax {
      first.save()
      open.removeFirst()
    }
    context.metrics.set("vector_memory_bytes", Double(open.reduce(0) { $0 + $1.index.memory }))
  }

  private func file(_ scope: DocumentScope, _ model: StoredModel) -> IndexFile {
    // A dot is in no provider, tenant or collection, so no two indexes share a name.
    let name = "\(scope.provider).\(scope.tenant).\(scope.collection).\(model.model.fingerprint).hnsw"
    return IndexFile(path: "\(directory)/\(name)")
  }
}

extension OpenIndex {
  fileprivate func isOf(_ scope: DocumentScope, _ model: Int64) -> Bool {
    self.model.id == model && self.scope.provider == scope.provider && self.scope.tenant == scope.tenant
  }
}
