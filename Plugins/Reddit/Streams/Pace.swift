/// How long to wait before a listing is read again: so that what comes meanwhile fills a part of a page.
struct Pace: Sendable {
  /// New things that a page is to have: a third of it, so that three times as much still fits.
  private static let wanted = 33.0
  /// How much of what was measured last counts, next to all before.
  private static let weight = 0.4
  /// How much longer the wait becomes at most from one reading to the next: traffic begins at any time.
  private static let growth: Int64 = 2

  private let fastest: Int64
  private let slowest: Int64
  /// New things in a second; nil: never measured.
  private var rate: Double?
  private var last: Int64

  /// A pace between two waits in nanoseconds.
  init(fastest: Int64, slowest: Int64) {
    (self.fastest, self.slowest) = (fastest, max(fastest, slowest))
    last = fastest
  }

  /// The wait after so many new things came in so many nanoseconds.
  mutating func next(_ count: Int, in elapsed: Int64) -> Int64 {
    let seconds = max(Double(elapsed) / 1e9, 0.001)
    let measured = Double(count) / seconds
    let rate = rate.map { $0 + (measured - $0) * Self.weight } ?? measured
    self.rate = rate
    let ideal = rate > 0 ? Self.wanted / rate * 1e9 : Double(slowest)
    let grown = min(last.multipliedReportingOverflow(by: Self.growth).partialValue, slowest)
    last = max(fastest, min(Int64(min(ideal, Double(slowest))), grown))
    return last
  }
}
