internal import PluginKit
internal import SQLite

/// What is done about vectors in small steps, between the requests: indexes are read and linked, documents without a
/// vector are gone through for a new model, vectors of an old one are dropped.
///
/// All on the plugin's one thread, so that nothing is shared: a step takes a few milliseconds, and what came meanwhile
/// is handled before the next.
@PluginActor
final class VectorWork {
  private let context: Context
  private let stores: DocumentStores
  private let indexes: VectorIndexes
  /// Databases in which there may be something to be done.
  private var waiting: Set<DocumentScope> = []
  private var task: Task<Void, Never>?
  private var isStopped = false

  init(context: Context, stores: DocumentStores, indexes: VectorIndexes) {
    self.context = context
    self.stores = stores
    self.indexes = indexes
  }

  /// Looks into a tenant's database for something to be done.
  func look(into scope: DocumentScope) {
    waiting.insert(DocumentScope(provider: scope.provider, tenant: scope.tenant, collection: ""))
    begin()
  }

  /// Begins with what there is to be done, unless that is under way.
  func begin() {
    guard task == nil, !isStopped, !waiting.isEmpty || indexes.work != nil else { return }
    task = PluginActor.task { [self] in
      while !isStopped, step() { await context.endOfBatch() }
      task = nil
    }
  }

  /// Ends after the step that is under way.
  func stop() async {
    isStopped = true
    await task?.value
  }

  /// Does a little; false if there is nothing to be done.
  private func step() -> Bool {
    guard !waiting.isEmpty || indexes.work != nil else { return false }
    if let scope = waiting.first { doChore(scope) }
    if let index = indexes.work {
      do {
        try stores.with(index.scope) { (store) throws(DocumentStore.Failure) in
          try indexes.step(index, store.vectors)
        }
      } catch {
        indexes.forget(index)
        context.log.warning("a vector index cannot be read: \(error)")
      }
    }
    return true
  }

  private func doChore(_ scope: DocumentScope) {
    do {
      try stores.with(scope) { (store) throws(DocumentStore.Failure) in
        guard let model = try store.vectors.chores().first else {
          waiting.remove(scope)
          return
        }
        let place = DocumentScope(provider: scope.provider, tenant: scope.tenant, collection: model.collection)
        if model.state == .dropped { indexes.discard(place, model) }
        guard try store.vectors.doChore(model) else { return }
        context.log.info("the vectors of a model are dropped", ["model": .string(model.model.name)])
      }
    } catch {
      // The next request that uses the database looks again.
      waiting.remove(scope)
      context.log.warning("vectors cannot be gone through: \(error)")
    }
  }
}
