internal import PluginKit

/// Lets shards identify one after the other: in the order in which they came, and of those that share a key one at a
/// time, with a pause between.
///
/// Source: https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
@PluginActor
final class IdentifyQueue {
  /// The pause after an identification until the next of the same key, ns: the 5 s that Discord asks for, and a tenth,
  /// since on their way the first may be held up longer than the second.
  static let spacing: Int64 = 5_100_000_000

  private struct Waiter {
    let id: Int
    let shard: Int
    let continuation: CheckedContinuation<Bool, Never>
  }

  private let clock: Clock
  /// How many shards may identify at once, each by a key of its own.
  var maxConcurrency = 1
  private var waiters: [Waiter] = []
  private var lastID = 0
  /// The keys of shards that are about to identify.
  private var busy: Set<Int> = []
  /// When each key was last used, ns.
  private var used: [Int: Int64] = [:]
  private var timer: Task<Void, Never>?

  init(clock: Clock) {
    self.clock = clock
  }

  /// Returns when it is a shard's turn; false if the task was cancelled before.
  ///
  /// After true, `leave` must follow.
  func enter(_ shard: Int) async -> Bool {
    lastID += 1
    let id = lastID
    return await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { continuation in
          guard !Task.isCancelled else { return continuation.resume(returning: false) }
          waiters.append(Waiter(id: id, shard: shard, continuation: continuation))
          admit()
        }
      }
    } onCancel: {
      PluginActor.task { [self] in
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(returning: false)
        admit()
      }
    }
  }

  /// A shard has identified, or will not after all.
  func leave(_ shard: Int, hasIdentified: Bool) {
    let key = shard % maxConcurrency
    busy.remove(key)
    if hasIdentified { used[key] = clock.now.nanoseconds }
    admit()
  }

  /// Lets in whoever is first as long as its key is free: shards of later keys wait behind it, for Discord wants them
  /// started in their order.
  private func admit() {
    while let first = waiters.first {
      let key = first.shard % maxConcurrency
      if busy.contains(key) { return }
      let now = clock.now.nanoseconds
      // A clock that was set back must not make the pause longer.
      let left = min((used[key] ?? .min / 2) + Self.spacing - now, Self.spacing)
      if left > 0 { return wake(after: left) }
      busy.insert(key)
      waiters.removeFirst().continuation.resume(returning: true)
    }
  }

  private func wake(after nanoseconds: Int64) {
    guard timer == nil else { return }
    timer = PluginActor.task { [self] in
      let slept = (try? await clock.sleep(for: .nanoseconds(nanoseconds))) != nil
      timer = nil
      if slept { return admit() }
      // Nobody would look again.
      let turnedAway = waiters
      waiters.removeAll()
      for waiter in turnedAway { waiter.continuation.resume(returning: false) }
    }
  }
}

/// A shard's turn to identify, which ends once, whatever comes of it.
@PluginActor
final class IdentifyTurn {
  private let shard: Int
  private var queue: IdentifyQueue?

  init(_ shard: Int, _ queue: IdentifyQueue) {
    self.shard = shard
    self.queue = queue
  }

  /// The shard has identified, or it will not.
  func end(hasIdentified: Bool = false) {
    queue?.leave(shard, hasIdentified: hasIdentified)
    queue = nil
  }
}
