internal import PluginKit
internal import SQLite
internal import VectorIndex

/// Answers requests for vectors.
@PluginActor
final class VectorService {
  let stores: DocumentStores
  private let writes: WriteQueue
  let indexes: VectorIndexes
  let work: VectorWork

  init(context: Context, stores: DocumentStores, writes: WriteQueue, indexes: VectorIndexes) {
    self.stores = stores
    self.writes = writes
    self.indexes = indexes
    work = VectorWork(context: context, stores: stores, indexes: indexes)
  }

  /// Looks into a database that was opened: what was left undone goes on.
  func opened(_ scope: DocumentScope) {
    work.look(into: scope)
  }

  /// Notes what a transaction has changed.
  func written(_ scope: DocumentScope, _ changes: VectorStore.Changes) {
    indexes.changed(scope, changes)
    if changes.hasChores { work.look(into: scope) }
  }

  /// Ends what is under way, and writes down what would be lost.
  func stop() async {
    await work.stop()
    indexes.close()
  }

  /// Answers a request.
  func answer(_ operation: VectorOperation, _ scope: DocumentScope, within limit: Duration) async throws -> Response {
    switch operation {
    case .put(let puts): try await put(puts, scope)
    case .delete(let foreignIDs): try await delete(foreignIDs, scope)
    case .missing(let gap): try missing(gap, scope, within: limit)
    case .search(let query): try search(query, scope, within: limit)
    case .models: try models(scope, within: limit)
    case .count(let model): try count(model, scope, within: limit)
    }
  }

  // MARK: - Writing

  private func put(_ puts: [VectorPut], _ scope: DocumentScope) async throws -> Response {
    let written = try await writes.write(puts.map(DocumentChange.putVector), scope)
    for outcome in written {
      if case .superseded(let current) = outcome {
        throw StorageError("model: expected \(current.summary), which has taken the place of the one given")
      }
    }
    return Response(json: [
      "written": written.count(of: .written), "unchanged": written.count(of: .unchanged),
      "stale": written.count(of: .stale),
    ])
  }

  private func delete(_ foreignIDs: [String], _ scope: DocumentScope) async throws -> Response {
    let deleted = try await writes.write(foreignIDs.map(DocumentChange.deleteVectors), scope)
    return Response(json: ["deleted": deleted.count(of: .written), "missing": deleted.count(of: .unchanged)])
  }
}
