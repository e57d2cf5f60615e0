/// How long to wait before an instance is started again, and when to stop trying.
///
/// A start is in vain when the instance ends before it has settled a delivery, published something new that was recorded,
/// or lived for a while; only those in a row count, so an instance that is killed now and then while it works is always
/// started again.
package struct Backoff {
  /// Starts in vain in a row before an instance is quarantined.
  package static let budget = 8
  /// How long an instance must live for its start not to have been in vain, ns.
  package static let healthyAfter: Int64 = 10 * nanosecondsPerSecond
  /// The wait after the first start in vain, ns; doubled after each more, up to the limit.
  static let first: Int64 = 100 * nanosecondsPerMillisecond
  static let limit: Int64 = 30 * nanosecondsPerSecond
  /// Starts that follow each other at once, and how long it takes until there may be one more, ns.
  ///
  /// A start costs the kernel milliseconds in which others wait for it, so one that ends again and again must not have
  /// many, whatever it does in between.
  static let burst: Int64 = 3
  static let interval = 5 * nanosecondsPerSecond

  /// Starts in vain, in a row.
  package private(set) var failures = 0
  /// When the starts there were would all have been due, had each waited for its interval.
  private var due: Int64 = 0

  /// Makes a fresh budget.
  package init() {}

  /// Notes that a start was not in vain.
  package mutating func succeeded() {
    failures = 0
  }

  /// Notes that an instance ended.
  ///
  /// - Parameters:
  ///   - inVain: Whether the start was in vain.
  ///   - now: When, in nanoseconds of a clock that never runs backwards.
  ///   - random: Spreads instances that ended together, from 0 to 1.
  /// - Returns: How long to wait, in nanoseconds, or nil when the budget is spent.
  package mutating func ended(inVain: Bool, at now: Int64, random: Double) -> Int64? {
    var wait: Int64 = 0
    if inVain {
      failures += 1
      guard failures < Self.budget else { return nil }
      wait = Int64(Double(min(Self.first << Int64(failures - 1), Self.limit)) * (0.8 + 0.4 * random))
    } else {
      // Nothing is known against it, and it is needed.
      failures = 0
    }
    let start = max(now + wait, due - (Self.burst - 1) * Self.interval)
    due = max(due, start) + Self.interval
    return start - now
  }
}
