internal import CEnvelope

/// A moment, in nanoseconds since 1970-01-01 UTC, whose text is RFC 3339.
///
/// It reaches from 1677 to 2262. Text is in UTC with as many digits of a second as are needed, in steps of three; what
/// is read may have any offset and up to nine digits. A leap second is not read, since the clock of this system has
/// none.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Nanoseconds since 1970-01-01 UTC.
  public var nanoseconds: Int64

  /// Creates a moment from nanoseconds since 1970-01-01 UTC.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Whole milliseconds since 1970-01-01 UTC, rounded down.
  public var milliseconds: Int64 { Self.floorDivide(nanoseconds, 1_000_000).quotient }

  /// The moment of the call, by the system's clock.
  public static var now: Timestamp {
    Timestamp(nanoseconds: envelope_now())
  }

  /// Returns whether one moment is before another.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  static let nanosecondsPerSecond: Int64 = 1_000_000_000
  static let secondsPerDay: Int64 = 86400
}

// MARK: - Text

extension Timestamp {
  /// The moment as RFC 3339 text, such as `2026-11-21T00:00:00.123Z`.
  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(Self.textMax)
    append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Bytes of the longest text.
  private static let textMax = "1970-01-01T00:00:00.000000000Z".utf8.count

  /// Appends the text.
  func append(to text: inout [UInt8]) {
    let (seconds, fraction) = Self.floorDivide(nanoseconds, Self.nanosecondsPerSecond)
    let (days, second) = Self.floorDivide(seconds, Self.secondsPerDay)
    let (year, month, day) = Self.date(days: days)
    text.append(upTo: Self.textMax) { scratch in
      func put(_ mark: Unicode.Scalar, _ value: Int64, digits: Int = 2) {
        scratch.put(UInt8(ascii: mark))
        scratch.put(UInt64(value), digits: digits)
      }
      scratch.put(UInt64(year), digits: 4)
      put("-", month)
      put("-", day)
      put("T", second / 3600)
      put(":", second / 60 % 60)
      put(":", second % 60)
      switch fraction {
      case 0: break
      case _ where fraction % 1_000_000 == 0: put(".", fraction / 1_000_000, digits: 3)
      case _ where fraction % 1000 == 0: put(".", fraction / 1000, digits: 6)
      default: put(".", fraction, digits: 9)
      }
      scratch.put(UInt8(ascii: "Z"))
    }
  }

  /// Creates a moment from RFC 3339 text.
  public init(_ text: String) throws(TimestampError) {
    try self.init(utf8: Array(text.utf8)[...])
  }

  /// Creates a moment from RFC 3339 text in UTF-8.
  public init(utf8 text: ArraySlice<UInt8>) throws(TimestampError) {
    var reader = Reader(text)
    let year = try reader.number(digits: 4, in: 0...9999, named: "year")
    try reader.mark("-")
    let month = try reader.number(digits: 2, in: 1...12, named: "month")
    try reader.mark("-")
    let day = try reader.number(digits: 2, in: 1...Self.daysIn(month: month, year: year), named: "day")
    try reader.mark("T")
    let hour = try reader.number(digits: 2, in: 0...23, named: "hour")
    try reader.mark(":")
    let minute = try reader.number(digits: 2, in: 0...59, named: "minute")
    try reader.mark(":")
    let second = try reader.number(digits: 2, in: 0...59, named: "second")
    let fraction = try reader.fraction()
    let offset = try reader.offset()
    let days = Self.days(year: year, month: month, day: day)
    let seconds = days * Self.secondsPerDay + hour * 3600 + minute * 60 + second - offset
    // The earliest moments lie in a second that begins before the range: count from the second after.
    let (base, rest) = seconds < 0 ? (seconds + 1, fraction - Self.nanosecondsPerSecond) : (seconds, fraction)
    let (scaled, tooFar) = base.multipliedReportingOverflow(by: Self.nanosecondsPerSecond)
    let (sum, overflow) = scaled.addingReportingOverflow(rest)
    guard !tooFar && !overflow else { throw reader.failure("a year from 1677 to 2262") }
    nanoseconds = sum
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
    return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
  }
}

// MARK: - Calendar

extension Timestamp {
  private static let daysPerCycle: Int64 = 146_097
  /// From 0000-03-01 to 1970-01-01.
  private static let daysBeforeEpoch: Int64 = 719_468

  private static func daysIn(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970.
  ///
  /// Years are counted from March, so that a leap day ends its year.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let (cycle, yearOfCycle) = floorDivide(year, 400)
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
    return cycle * daysPerCycle + dayOfCycle - daysBeforeEpoch
  }

  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (cycle, dayOfCycle) = floorDivide(days + daysBeforeEpoch, daysPerCycle)
    // Take out the leap days (one in 1461 days, but one in 36,524), then what is left are years of 365.
    let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
  }
}

/// The reason why some text is not a moment.
public struct TimestampError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text in question.
  public let text: String
  /// What was expected.
  public let expected: String

  /// The message for people.
  public var description: String { "time: expected \(expected), found \(text.debugDescription)" }
}

/// A place in RFC 3339 text.
private struct Reader {
  private let text: ArraySlice<UInt8>
  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    rest = text
  }

  func failure(_ expected: String) -> TimestampError {
    TimestampError(text: String(decoding: text, as: UTF8.self), expected: expected)
  }

  mutating func mark(_ mark: Unicode.Scalar) throws(TimestampError) {
    guard rest.popFirst() == UInt8(ascii: mark) else { throw failure("RFC 3339 such as 2026-11-21T00:00:00Z") }
  }

  mutating func digit() -> Int64? {
    guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
    rest.removeFirst()
    return Int64(byte - UInt8(ascii: "0"))
  }

  mutating func number(digits: Int, in range: ClosedRange<Int64>, named: String) throws(TimestampError) -> Int64 {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { throw failure("a \(named) of \(digits) digits") }
      value = value * 10 + digit
    }
    guard range.contains(value) else {
      throw failure("a \(named) from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// Reads the digits of a second, if there are any, as nanoseconds.
  mutating func fraction() throws(TimestampError) -> Int64 {
    guard rest.first == UInt8(ascii: ".") else { return 0 }
    rest.removeFirst()
    var value: Int64 = 0
    var scale = Timestamp.nanosecondsPerSecond
    while let digit = digit() {
      guard scale > 1 else { throw failure("at most 9 digits of a second") }
      scale /= 10
      value += digit * scale
    }
    guard scale < Timestamp.nanosecondsPerSecond else { throw failure("digits after the '.'") }
    return value
  }

  /// Reads the offset from UTC to the end, in seconds.
  mutating func offset() throws(TimestampError) -> Int64 {
    guard let sign = rest.popFirst() else { throw failure("Z or an offset such as +01:00") }
    var seconds: Int64 = 0
    switch sign {
    case UInt8(ascii: "Z"): break
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      let hours = try number(digits: 2, in: 0...23, named: "hour")
      try mark(":")
      let minutes = try number(digits: 2, in: 0...59, named: "minute")
      seconds = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    default: throw failure("Z or an offset such as +01:00")
    }
    guard rest.isEmpty else { throw failure("nothing after the offset") }
    return seconds
  }
}
