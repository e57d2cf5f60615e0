/// An id of Discord's: 64 bits, whose upper 42 are milliseconds since the beginning of 2015.
///
/// Source: https://discord.com/developers/docs/reference#snowflakes
struct Snowflake: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 2015-01-01T00:00:00Z, in milliseconds since 1970.
  private static let epoch: Int64 = 1_420_070_400_000

  let number: UInt64

  init(_ number: UInt64) {
    self.number = number
  }

  /// Reads decimal digits and nothing else; nil for what is no id.
  init?(_ text: some StringProtocol) {
    guard let first = text.utf8.first, (0x30...0x39).contains(first), let number = UInt64(text) else { return nil }
    self.number = number
  }

  /// The first id that something of this time could have.
  init(millisecondsSince1970 milliseconds: Int64) {
    number = UInt64(max(0, milliseconds - Self.epoch)) << 22
  }

  /// When what it names was made, in milliseconds since 1970.
  var millisecondsSince1970: Int64 { Int64(number >> 22) + Self.epoch }

  var description: String { String(number) }

  static func < (one: Snowflake, other: Snowflake) -> Bool { one.number < other.number }
}
