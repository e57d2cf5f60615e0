internal import PluginKit

/// Lets requesters in: of each only so many at once and so many a second, the rest in the order in which they came.
///
/// Requesters do not wait for each other, so none can starve another.
@PluginActor
final class Turnstile {
  struct Limits {
    /// How many of one requester are in at once.
    var concurrency: Int
    /// How many more of it wait.
    var waiting: Int
    /// How many begin in a second.
    var rate: Int
    /// How many begin at once after a pause.
    var burst: Int
  }

  private struct Waiter {
    let deadline: Int64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct Requester {
    var inside = 0
    var waiters: [Waiter] = []
    /// How many may begin now, as of `refilled`, ns.
    var tokens: Double
    var refilled: Int64
    /// Whether somebody will look again when the next may begin.
    var isTimed = false
  }

  /// Requesters that are remembered after they have gone; beyond it those are forgotten that owe nothing.
  private static let rememberedMax = 256

  private let clock: Clock
  private let limits: Limits
  private var requesters: [String: Requester] = [:]

  init(_ limits: Limits, clock: Clock) {
    self.limits = limits
    self.clock = clock
  }

  /// Returns when it is the requester's turn; each return is followed by one `leave`.
  ///
  /// - Parameters:
  ///   - name: Who it is.
  ///   - deadline: Until when it makes sense to wait, in nanoseconds since 1970.
  /// - Throws: When too many wait already, or the deadline passes first.
  func enter(_ name: String, until deadline: Int64) async throws(FetchError) {
    forgetIdle()
    let now = clock.now.nanoseconds
    var requester = requesters[name] ?? Requester(tokens: Double(limits.burst), refilled: now)
    refill(&requester, now)
    if requester.waiters.isEmpty, requester.inside < limits.concurrency, requester.tokens >= 1 {
      requester.inside += 1
      requester.tokens -= 1
      requesters[name] = requester
      return
    }
    guard requester.waiters.count < limits.waiting else {
      let under = "\(requester.inside) under way and \(requester.waiters.count) waiting"
      throw FetchError("\(name): expected at most \(limits.waiting) fetches to wait, found \(under)")
    }
    let isIn = await withCheckedContinuation { continuation in
      requester.waiters.append(Waiter(deadline: deadline, continuation: continuation))
      requesters[name] = requester
      admit(name)
    }
    if !isIn {
      throw FetchError("\(name): its turn did not come before the deadline, for others of its own were ahead")
    }
  }

  /// Makes room for the requester's next.
  func leave(_ name: String) {
    requesters[name]?.inside -= 1
    admit(name)
  }

  private func admit(_ name: String) {
    guard var requester = requesters[name] else { return }
    let now = clock.now.nanoseconds
    refill(&requester, now)
    while let waiter = requester.waiters.first {
      if waiter.deadline <= now {
        requester.waiters.removeFirst().continuation.resume(returning: false)
        continue
      }
      guard requester.inside < limits.concurrency else { break }
      guard requester.tokens >= 1 else {
        if !requester.isTimed { wake(name, after: (1 - requester.tokens) / Double(limits.rate)) }
        requester.isTimed = true
        break
      }
      requester.tokens -= 1
      requester.inside += 1
      requester.waiters.removeFirst().continuation.resume(returning: true)
    }
    requesters[name] = requester
  }

  private func wake(_ name: String, after seconds: Double) {
    Task {
      do {
        try await clock.sleep(for: .nanoseconds(Int64(seconds * 1e9) + 1))
        requesters[name]?.isTimed = false
        admit(name)
      } catch {
        // Without the grant `clock` nobody would look again.
        turnAway(name)
      }
    }
  }

  private func turnAway(_ name: String) {
    let waiters = requesters[name]?.waiters ?? []
    requesters[name]?.waiters = []
    requesters[name]?.isTimed = false
    for waiter in waiters { waiter.continuation.resume(returning: false) }
  }

  private func refill(_ requester: inout Requester, _ now: Int64) {
    let gained = Double(max(0, now - requester.refilled)) / 1e9 * Double(limits.rate)
    requester.tokens = min(Double(limits.burst), requester.tokens + gained)
    requester.refilled = now
  }

  private func forgetIdle() {
    guard requesters.count > Self.rememberedMax else { return }
    let now = clock.now.nanoseconds
    requesters = requesters.filter { _, requester in
      var requester = requester
      refill(&requester, now)
      return requester.inside > 0 || !requester.waiters.isEmpty || requester.tokens < Double(limits.burst)
    }
  }
}
