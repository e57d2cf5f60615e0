internal import PluginKit

/// Puts subjects of all requests and tenants together into batches, and has runners compute them.
///
/// One that somebody else waits for already is not computed twice, and one of which is still known what came of it not at all.
/// Those that are live go first; those that nobody waits for any more are left out.
@PluginActor
final class Batcher {
  private let name: String
  private let limits: BatchLimits
  private let context: Context
  private var cache: VectorCache
  private var idle: [any BatchRunner]
  private let runners: [any BatchRunner]
  /// Of each model what waits live, and what waits of the past.
  private let lanes: [Priority: [Lane]]
  private var wishes: [SubjectKey: Wish] = [:]
  /// Whether somebody will look again when those that wait have waited long enough.
  private var isTimed = false
  private var isStopped = false

  /// A queue before runners, each of which runs all of so many models; its name is for metrics.
  init(
    _ name: String,
    models: Int,
    _ limits: BatchLimits,
    cache: Int,
    runners: [any BatchRunner],
    _ context: Context
  ) {
    (self.name, self.limits, self.context, self.runners) = (name, limits, context, runners)
    self.cache = VectorCache(cache)
    idle = runners
    lanes = Dictionary(
      uniqueKeysWithValues: Priority.allCases.map { priority in (priority, (0..<models).map { _ in Lane(priority) }) }
    )
  }

  /// How many subjects wait.
  var waiting: Int { lanes.values.joined().reduce(0) { $0 + $1.count } }

  /// What came of a subject lately: its vector, or what is wrong with it whenever it is asked for.
  func known(_ key: SubjectKey) -> Made? {
    guard let made = cache.made(key) else { return nil }
    context.metrics.add("cached_total")
    return made
  }

  /// Returns a vector of each subject, or what is wrong with it.
  ///
  /// - Throws: If there is no room for so many, the deadline passes before their turn comes, or they cannot be computed.
  func make(
    _ subjects: [(key: SubjectKey, subject: Subject)],
    _ priority: Priority,
    deadline: Int64
  ) async throws(EmbedderError) -> [Made] {
    let order = Order(count: subjects.count, priority: priority, deadline: deadline)
    var missing: [Int] = []
    for (index, (key, _)) in subjects.enumerated() {
      if let made = known(key) { order.fill(index, made) } else { missing.append(index) }
    }
    try checkRoom(Set(missing.map { subjects[$0].key }.filter { wishes[$0] == nil }).count, priority)
    for index in missing { add(subjects[index].key, subjects[index].subject, order, index) }
    schedule()
    return try await order.ended()
  }

  private func checkRoom(_ added: Int, _ priority: Priority) throws(EmbedderError) {
    guard !isStopped else { throw EmbedderError("the service is stopping") }
    let room = limits.room(for: priority)
    guard added > 0, waiting + added > room else { return }
    context.metrics.add("refused_total")
    throw EmbedderError(
      "busy: expected at most \(room) texts of priority \(priority.rawValue) to wait, "
        + "found \(waiting) and \(added) more; ask again later"
    )
  }

  private func add(_ key: SubjectKey, _ subject: Subject, _ order: Order, _ index: Int) {
    if let wish = wishes[key] {
      wish.add(order, index)
      guard order.priority == .live, wish.priority == .backfill, !wish.isTaken else { return }
      lane(.backfill, key.model)?.remove(wish)
      wish.priority = .live
      lane(.live, key.model)?.append(wish)
    } else {
      let wish = Wish(key, subject, since: context.clock.now.nanoseconds, priority: order.priority)
      wish.add(order, index)
      wishes[key] = wish
      lane(order.priority, key.model)?.append(wish)
    }
  }

  private func lane(_ priority: Priority, _ model: Int) -> Lane? { lanes[priority]?[model] }

  // MARK: - Batches

  /// Gives idle runners what is due.
  private func schedule() {
    while !isStopped, let runner = idle.last, let (lane, model) = oldest() {
      let age = context.clock.now.nanoseconds - (lane.first?.since ?? 0)
      let isFull = lane.count >= limits.textsMax || lane.cost >= BatchLimits.costMax
      let delay = Int64(limits.delay / .nanoseconds(1))
      guard isFull || age >= delay else { return wake(after: delay - age) }
      let batch = take(from: lane)
      guard !batch.isEmpty else { continue }
      idle.removeLast()
      begin(batch, model, on: runner)
    }
    context.metrics.set("waiting", labels: ["queue": name], Double(waiting))
  }

  /// The lane whose turn it is: of those that are live, if any, the one whose first has waited longest.
  private func oldest() -> (Lane, Int)? {
    for priority in Priority.allCases {
      let waiting = (lanes[priority] ?? []).enumerated().compactMap { model, lane in
        lane.first.map { (lane: lane, model: model, since: $0.since) }
      }
      if let found = waiting.min(by: { $0.since < $1.since }) { return (found.lane, found.model) }
    }
    return nil
  }

  /// Takes a batch; what nobody waits for any more goes without being computed.
  private func take(from lane: Lane) -> [Wish] {
    let now = context.clock.now.nanoseconds
    // All idle runners get their share of what waits.
    let runners = limits.isShared ? idle.count : 1
    let share = min(limits.textsMax, (lane.count + runners - 1) / runners)
    var batch: [Wish] = []
    var cost = 0
    while batch.count < share, let wish = lane.first, batch.isEmpty || cost + wish.cost <= BatchLimits.costMax {
      _ = lane.takeFirst()
      if wish.isWanted(at: now) {
        batch.append(wish)
        cost += wish.cost
      } else {
        wishes[wish.key] = nil
        context.metrics.add("expired_total")
      }
    }
    return batch
  }

  private func begin(_ batch: [Wish], _ model: Int, on runner: any BatchRunner) {
    let began = context.clock.now.nanoseconds
    runner.compute(batch.map(\.subject), model: model) { [self] result in
      PluginActor.task { [self] in
        // After the end nothing reaches the host.
        guard !isStopped else { return }
        idle.append(runner)
        context.metrics.observe("batch_seconds", Double(context.clock.now.nanoseconds - began) / 1e9)
        finish(batch, result)
        schedule()
      }
    }
    context.metrics.add("batches_total")
  }

  private func finish(_ batch: [Wish], _ result: Result<[Made], EmbedderError>) {
    if case .failure(let error) = result {
      context.metrics.add("failed_total")
      context.log.error("not computed", ["reason": .string(error.logged), "count": .int(Int64(batch.count))])
    }
    for (index, wish) in batch.enumerated() {
      wishes[wish.key] = nil
      let made = result.map { $0[index] }
      if case .success(let lasting) = made, lasting.isLasting { cache.add(lasting, for: wish.key) }
      wish.end(made)
    }
  }

  private func wake(after nanoseconds: Int64) {
    guard !isTimed else { return }
    isTimed = true
    PluginActor.task { [self] in
      do {
        try await context.clock.sleep(for: .nanoseconds(nanoseconds))
        isTimed = false
        schedule()
      } catch {
        // Without the grant `clock`, or while it stops, nothing waits for others.
        isTimed = false
        guard !isStopped, let runner = idle.last, let (lane, model) = oldest() else { return }
        let batch = take(from: lane)
        guard !batch.isEmpty else { return schedule() }
        idle.removeAll { $0 === runner }
        begin(batch, model, on: runner)
      }
    }
  }

  /// Ends what waits, and the runners; returns when they have ended.
  func stop() {
    isStopped = true
    for wish in wishes.values { wish.end(.failure(EmbedderError("the service is stopping"))) }
    wishes = [:]
    for runner in runners { runner.stop() }
    idle = []
  }
}
