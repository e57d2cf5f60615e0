internal import Envelope

extension Timestamp {
  /// Reads an RFC 3339 time, a date (its beginning in UTC), or how long ago, such as `2h`.
  init?(commandLine text: String, now: Timestamp = .now) {
    if let ago = Duration(commandLine: text) {
      let (nanoseconds, overflows) = now.nanoseconds.subtractingReportingOverflow(ago.milliseconds * 1_000_000)
      guard !overflows else { return nil }
      self.init(nanoseconds: nanoseconds)
      return
    }
    let isDate = text.utf8.count == "2026-11-21".utf8.count
    guard let moment = try? Timestamp(isDate ? text + "T00:00:00Z" : text) else { return nil }
    self = moment
  }

  /// The time for a table: to the second, in UTC, `2026-11-21 10:00:00`.
  var short: String {
    String("\(self)".prefix(19).map { $0 == "T" ? " " : $0 })
  }

  /// The time of day for a stream of events, to the millisecond.
  var timeOfDay: String {
    let milliseconds = Timestamp(nanoseconds: nanoseconds - nanoseconds.remainder(1_000_000))
    let time = "\(milliseconds)".dropFirst(11).dropLast()
    return time.count == 8 ? "\(time).000" : String(time)
  }
}

extension Int64 {
  /// The remainder of a division that rounds down, so that it is never negative.
  fileprivate func remainder(_ divisor: Int64) -> Int64 { ((self % divisor) + divisor) % divisor }
}
