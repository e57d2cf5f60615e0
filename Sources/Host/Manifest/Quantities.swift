extension Duration {
  private static let units: [(name: String, length: Duration)] = [
    ("d", .seconds(86400)), ("h", .seconds(3600)), ("m", .seconds(60)), ("s", .seconds(1)), ("ms", .milliseconds(1)),
  ]

  /// Reads `250ms`, `5s`, `10m`, `24h` or `7d`.
  init?(manifest text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    // 12 digits of days are more than all time, and cannot overflow.
    guard digits.count <= 12, let count = Int64(digits),
      let unit = Self.units.first(where: { $0.name == text.dropFirst(digits.count) })
    else { return nil }
    self = unit.length * count
  }

  /// The duration in the largest unit that is exact.
  var manifestText: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    for unit in Self.units {
      let length = unit.length.components.seconds * 1000 + unit.length.components.attoseconds / 1_000_000_000_000_000
      if milliseconds.isMultiple(of: length), milliseconds > 0 { return "\(milliseconds / length)\(unit.name)" }
    }
    return "0s"
  }
}

/// Numbers of bytes as manifests write them.
enum ByteCount {
  private static let units: [(name: String, size: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1),
  ]

  /// Reads `64MiB`, `1GiB`, `16KiB` or `4096`.
  static func parse(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    // 9 digits of GiB fit in 63 bits.
    guard digits.count <= 9, let count = Int(digits),
      let unit = units.first(where: { $0.name == text.dropFirst(digits.count) })
    else { return nil }
    return count * unit.size
  }

  /// The number in the largest unit that is exact.
  static func text(_ bytes: Int) -> String {
    for unit in units where bytes.isMultiple(of: unit.size) && bytes > 0 { return "\(bytes / unit.size)\(unit.name)" }
    return "\(bytes)"
  }
}
