/// A page in the text format of Prometheus, version 0.0.4.
package struct MetricText: Sendable {
  /// What the page is served as.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var bytes: [UInt8] = []

  package init() {}

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func head(_ name: String, help: String, kind: MetricKind) {
    bytes += "# HELP \(name) \(Self.escape(help, quotes: false))\n".utf8
    bytes += "# TYPE \(name) \(kind.rawValue)\n".utf8
  }

  mutating func sample(_ name: String, _ labels: String, _ value: String) {
    bytes += name.utf8
    if !labels.isEmpty { bytes += "{\(labels)}".utf8 }
    bytes += " \(value)\n".utf8
  }

  static func labels(_ names: [String], _ values: [String]) -> String {
    zip(names, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }.joined(separator: ",")
  }

  static func number(_ value: UInt64) -> String { String(value) }

  static func number(_ value: Double) -> String {
    /// Integers up to here are exact in a double, and read better without a fraction.
    let exact = 9_007_199_254_740_992.0
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value.magnitude <= exact && value == value.rounded() ? String(Int64(value)) : value.description
  }

  /// Escapes a help text, in which a quote stands for itself, or a label's value.
  static func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
