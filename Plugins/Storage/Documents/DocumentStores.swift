internal import Glibc
internal import PluginKit
internal import SQLite

/// The databases of all tenants: those used last are open.
///
/// A database that cannot be used is closed, so that the next request finds one that was repaired or replaced; the
/// other tenants' go on.
@PluginActor
final class DocumentStores {
  /// How many databases are open at most, if the instance may have the descriptors for them.
  nonisolated static let openMax = 64
  /// What an open database takes: its file, the log, and the log's index.
  private static let descriptorsEach = 3
  /// What is left for the rest: the channel, the log, and a file of SQLite's own for a while.
  private static let descriptorsElse = 16

  private let directory: String
  private let synchronous: DocumentStore.Synchronous
  private let limit: Int
  /// Hears of each database that is opened.
  var opened: (DocumentScope) -> Void = { _ in }
  /// By file name, the one used last at the end.
  private var open: [(name: String, store: DocumentStore)] = []

  init(directory: String, synchronous: DocumentStore.Synchronous) {
    self.directory = directory
    self.synchronous = synchronous
    let spare = sysconf(Int32(_SC_OPEN_MAX)) - Self.descriptorsElse
    limit = min(max(spare / Self.descriptorsEach, 1), Self.openMax)
  }

  /// Runs `body` with the database of a tenant, for as long as `limit` says.
  func with<Result>(
    _ scope: DocumentScope,
    within limit: Duration? = nil,
    _ body: (DocumentStore) throws(DocumentStore.Failure) -> Result
  ) throws(StorageError) -> Result {
    // A dot is in no provider and no tenant, so no two tenants share a name.
    let name = "\(scope.provider).\(scope.tenant).sqlite"
    do throws(DocumentStore.Failure) {
      let store = try store(name, scope)
      guard let limit else { return try body(store) }
      return try store.database.within(limit) { () throws(DocumentStore.Failure) in try body(store) }
    } catch {
      if let limit, error.isInterrupted {
        throw StorageError(
          "storage of \(scope.provider)/\(scope.tenant): expected an answer within \(limit), found none"
        )
      }
      if error.kind != .full, error.kind != .busy { open.removeAll { $0.name == name } }
      throw StorageError("storage of \(scope.provider)/\(scope.tenant): \(error.explanation)")
    }
  }

  func close() {
    open = []
  }

  private func store(_ name: String, _ scope: DocumentScope) throws(DocumentStore.Failure) -> DocumentStore {
    if let index = open.firstIndex(where: { $0.name == name }) {
      let entry = open.remove(at: index)
      open.append(entry)
      return entry.store
    }
    if open.count >= limit { open.removeFirst() }
    let store = try DocumentStore(path: "\(directory)/\(name)", synchronous: synchronous)
    open.append((name, store))
    opened(scope)
    return store
  }
}

extension SQLiteError {
  /// What is wrong, for whoever asked: without the statement, which is the plugin's own.
  fileprivate var explanation: String {
    let what =
      switch kind {
      case .full: "no room to write: the disk is full"
      case .io: "the file cannot be read or written"
      case .damaged: "the file is damaged, or no database of documents"
      case .busy: "the file is locked by another process"
      case .newer: "the file is of a newer version"
      case .constraint, .other: "a mistake of the storage's own"
      }
    return "\(what) (\(path): \(message), SQLite \(extendedCode))"
  }
}
