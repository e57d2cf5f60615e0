internal import PluginKit
internal import SQLite

/// Changes that wait for the end of the batch in which they came, so that one transaction carries all of a tenant's.
@PluginActor
final class WriteQueue {
  private struct Write {
    let scope: DocumentScope
    let changes: [DocumentChange]
    let continuation: CheckedContinuation<Result<[DocumentChange.Outcome], StorageError>, Never>
  }

  private let context: Context
  private let stores: DocumentStores
  /// How many changes are written together at most.
  private let limit: Int
  private var waiting: [Write] = []
  private var changes = 0
  /// Hears what a transaction has changed of vectors.
  var written: (DocumentScope, VectorStore.Changes) -> Void = { _, _ in }
  /// Hears that a transaction has left blobs without references.
  var released: (DocumentScope) -> Void = { _ in }

  init(context: Context, stores: DocumentStores, limit: Int) {
    self.context = context
    self.stores = stores
    self.limit = limit
  }

  /// Makes changes; returns once they are written.
  func write(_ changes: [DocumentChange], _ scope: DocumentScope) async throws(StorageError) -> [DocumentChange.Outcome]
  {
    if waiting.isEmpty {
      Task {
        await context.endOfBatch()
        flush()
      }
    }
    let result = await withCheckedContinuation { continuation in
      waiting.append(Write(scope: scope, changes: changes, continuation: continuation))
      self.changes += changes.count
      if self.changes >= limit { flush() }
    }
    return try result.get()
  }

  private func flush() {
    let writes = waiting
    guard !writes.isEmpty else { return }
    (waiting, changes) = ([], 0)
    for group in Dictionary(grouping: writes, by: { [$0.scope.provider, $0.scope.tenant] }).values { commit(group) }
  }

  /// Writes what one tenant's requests want.
  ///
  /// What can fail here, a disk or a file, fails for all of them.
  private func commit(_ group: [Write]) {
    guard let first = group.first else { return }
    do throws(StorageError) {
      let (all, changed, hasReleased) = try stores.with(first.scope) { (store) throws(DocumentStore.Failure) in
        let all = try store.apply(group.flatMap { write in write.changes.map { (write.scope.collection, $0) } })
        return (all, store.vectors.changes, store.blobs.hasReleased)
      }
      written(first.scope, changed)
      if hasReleased { released(first.scope) }
      var outcomes = all[...]
      for write in group {
        write.continuation.resume(returning: .success(Array(outcomes.prefix(write.changes.count))))
        outcomes = outcomes.dropFirst(write.changes.count)
      }
      context.metrics.add("commits_total")
      context.metrics.observe("commit_changes", Double(group.reduce(0) { $0 + $1.changes.count }))
    } catch {
      for write in group { write.continuation.resume(returning: .failure(error)) }
    }
  }
}
