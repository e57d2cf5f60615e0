/// A bound on how often something may happen: a bucket of so many, filled again at so many a second.
///
/// One for each instance keeps a plugin that says the same thing in a loop from drowning the log.
package struct RateCap: Sendable {
  /// Seconds' worth that what a plugin logs or writes may come to at once: a line for each message of a burst, or a
  /// backtrace, but no loop without end.
  private static let burstSeconds = 10

  /// What a plugin may log or write, at its limit of so many lines a second.
  package static func lines(perSecond: Int) -> RateCap {
    RateCap(perSecond: Double(perSecond), burst: perSecond * burstSeconds)
  }

  /// What is told of an instance that is refused the same thing over and over.
  package static let audits = RateCap(perSecond: 20, burst: 500)

  package enum Decision: Sendable, Hashable {
    /// It may happen; so many before it were not let.
    case admit(suppressed: Int)
    case suppress
  }

  private let perSecond: Double
  private let burst: Double
  private var tokens: Double
  private var time: Int64?
  private var suppressed = 0

  package init(perSecond: Double, burst: Int) {
    self.perSecond = perSecond
    self.burst = Double(burst)
    tokens = Double(burst)
  }

  /// Decides on one more, at a time in nanoseconds of a clock that never runs backwards.
  package mutating func decide(at now: Int64) -> Decision {
    let elapsed = max(0, now - (time ?? now))
    time = now
    tokens = min(burst, tokens + Double(elapsed) / 1e9 * perSecond)
    guard tokens >= 1 else {
      suppressed += 1
      return .suppress
    }
    tokens -= 1
    defer { suppressed = 0 }
    return .admit(suppressed: suppressed)
  }
}
