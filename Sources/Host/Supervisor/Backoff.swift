/// How long to wait before an instance is started again, and when to stop trying.
///
/// A start is in vain when the instance ends before it has settled a delivery or lived for a while; only those in a row
/// count, so an instance that is killed now and then while it works is always started again.
package struct Backoff {
  /// Starts in vain in a row before an instance is quarantined.
  package static let budget = 8
  /// How long an instance must live for its start not to have been in vain, ns.
  package static let healthyAfter: Int64 = 10 * nanosecondsPerSecond
  /// The wait after the first start in vain, ns; doubled after each more, up to the limit.
  static let first: Int64 = 100 * nanosecondsPerMillisecond
  static let limit: Int64 = 30 * nanosecondsPerSecond

  /// Starts in vain, in a row.
  package private(set) var failures = 0

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
  ///   - random: Spreads instances that ended together, from 0 to 1.
  /// - Returns: How long to wait, in nanoseconds, or nil when the budget is spent.
  package mutating func ended(inVain: Bool, random: Double) -> Int64? {
    guard inVain else {
      failures = 0
      // Nothing is known against it; it is needed, so it is started at once.
      return 0
    }
    failures += 1
    guard failures < Self.budget else { return nil }
    let wait = min(Self.first << Int64(failures - 1), Self.limit)
    return Int64(Double(wait) * (0.8 + 0.4 * random))
  }
}
