extension Duration {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
  ]

  /// Reads numbers with units, largest first, such as `500ms`, `2h` or `1h30m`.
  init?(commandLine text: String) {
    var rest = Substring(text)
    var total: Int64 = 0
    var last = Int64.max
    repeat {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(letters.count)
      guard let number = Int64(digits), let unit = Self.units.first(where: { $0.name == letters }),
        unit.milliseconds < last
      else { return nil }
      last = unit.milliseconds
      let (product, productOverflows) = number.multipliedReportingOverflow(by: unit.milliseconds)
      let (sum, sumOverflows) = total.addingReportingOverflow(product)
      // A century is more than anybody means, and keeps the sum in nanoseconds within 64 bits.
      guard !productOverflows, !sumOverflows, sum <= 36_525 * 86_400_000 else { return nil }
      total = sum
    } while !rest.isEmpty
    self = .milliseconds(total)
  }

  /// The whole milliseconds in the duration.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }

  /// The two largest units of the duration, such as `3d 4h`, `2m 05s` or `12s`.
  var summary: String {
    let seconds = milliseconds / 1000
    switch seconds {
    case ..<1: return "\(milliseconds)ms"
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m \(Self.two(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3600)h \(Self.two(seconds / 60 % 60))m"
    default: return "\(seconds / 86_400)d \(Self.two(seconds / 3600 % 24))h"
    }
  }

  private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
