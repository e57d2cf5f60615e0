internal import PluginKit
internal import SQLite

/// What is done about blobs in small steps, between the requests: those that nothing refers to go after a while, and so
/// do files that no database knows.
///
/// All on the plugin's one thread: a step takes a few milliseconds, and what came meanwhile is handled before the next.
@PluginActor
final class BlobWork {
  private let context: Context
  private let stores: DocumentStores
  private let directory: String
  /// How long a blob stays that nothing refers to.
  private let grace: Duration
  /// Tenants whose databases were looked into.
  private var known: Set<DocumentScope> = []
  /// Tenants in whose databases there may be something to be taken away.
  private var waiting: Set<DocumentScope> = []
  /// When there will be, in milliseconds since 1970.
  private var due: [DocumentScope: Int64] = [:]
  /// Tenants whose files are compared with their database, and which directory is next.
  private var scans: [(scope: DocumentScope, next: Int)] = []
  private var steps: Task<Void, Never>?
  private var timer: (due: Int64, task: Task<Void, Never>)?
  private var isStopped = false

  init(context: Context, stores: DocumentStores, directory: String, grace: Duration) {
    self.context = context
    self.stores = stores
    self.directory = directory
    self.grace = grace
  }

  /// Looks into a database that was opened, the first time: what is due later is remembered from then on, whether it is
  /// open or not.
  func opened(_ scope: DocumentScope) {
    let tenant = DocumentScope(provider: scope.provider, tenant: scope.tenant, collection: "")
    if known.insert(tenant).inserted { look(into: tenant) }
  }

  /// Looks into a tenant's database for something to be done.
  func look(into scope: DocumentScope) {
    waiting.insert(DocumentScope(provider: scope.provider, tenant: scope.tenant, collection: ""))
    begin()
  }

  /// Compares a tenant's files with what its database says.
  func scan(_ scope: DocumentScope) {
    scans.append((scope, 0))
    begin()
  }

  /// Removes the file of a blob unless the database knows it.
  func forget(_ digest: BlobDigest, _ scope: DocumentScope) {
    do {
      try removeOrphans([digest], scope)
    } catch {
      context.log.warning("a blob's file is left until the next start: \(error)")
    }
  }

  /// Ends after the step that is under way.
  func stop() async {
    isStopped = true
    timer?.task.cancel()
    await timer?.task.value
    await steps?.value
  }

  // MARK: - Steps

  private func begin() {
    guard steps == nil, !isStopped, !waiting.isEmpty || !scans.isEmpty else { return }
    steps = PluginActor.task { [self] in
      while !isStopped, step() { await context.endOfBatch() }
      steps = nil
      arm()
    }
  }

  /// Does a little; false if there is nothing to be done.
  private func step() -> Bool {
    guard !waiting.isEmpty || !scans.isEmpty else { return false }
    if let scope = waiting.first { collect(scope) }
    if let scan = scans.first { compare(scan.scope, scan.next) }
    return true
  }

  private func collect(_ scope: DocumentScope) {
    do {
      let now = context.clock.now.milliseconds
      let (count, files, next): (Int, [BlobDigest], Int64?) = try stores.with(scope) { (store) throws(SQLiteError) in
        let collected = try store.blobs.collect(before: now - grace.milliseconds)
        return (collected.entries, collected.files, try store.blobs.unusedSince())
      }
      // Not within the transaction: if the power fails between the two, a file too many is left, and none lacks.
      try removeOrphans(files, scope)
      context.metrics.add("blobs_collected_total", Double(files.count))
      guard count < BlobStore.collectedAtOnce else { return }
      waiting.remove(scope)
      due[scope] = next.map { $0 + grace.milliseconds }
    } catch {
      // The next change of a blob looks again.
      waiting.remove(scope)
      context.log.warning("blobs cannot be gone through: \(error)")
    }
  }

  private func compare(_ scope: DocumentScope, _ number: Int) {
    do {
      let removed = try removeOrphans(BlobFiles(in: directory, scope).digests(in: number), scope)
      if removed > 0 {
        context.log.info("files of blobs that came to nothing are removed", ["count": .int(Int64(removed))])
      }
      scans[0].next += 1
      if scans[0].next == BlobFiles.prefixCount { scans.removeFirst() }
    } catch {
      scans.removeFirst()
      context.log.warning("files of blobs cannot be compared: \(error)")
    }
  }

  @discardableResult
  private func removeOrphans(_ digests: [BlobDigest], _ scope: DocumentScope) throws(StorageError) -> Int {
    guard !digests.isEmpty else { return 0 }
    return try stores.with(scope) { (store) throws(SQLiteError) in
      try store.blobs.removeOrphans(among: digests, BlobFiles(in: directory, scope))
    }
  }

  // MARK: - Time

  /// Has somebody look when the next is due; without the grant `clock`, the next change does.
  private func arm() {
    guard !isStopped, let next = due.values.min(), timer.map({ next < $0.due }) ?? true else { return }
    timer?.task.cancel()
    let task = PluginActor.task { [self] in
      let left = max(0, next - context.clock.now.milliseconds)
      guard (try? await context.clock.sleep(for: .milliseconds(left))) != nil, !isStopped else { return }
      timer = nil
      let now = context.clock.now.milliseconds
      for (scope, time) in due where time <= now {
        due[scope] = nil
        waiting.insert(scope)
      }
      begin()
      arm()
    }
    timer = (next, task)
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
