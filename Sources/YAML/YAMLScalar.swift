/// A scalar as written; what type it has follows from the YAML 1.2 core schema.
///
/// A quoted scalar is always a string. A plain one is read by the core schema, not by YAML 1.1: `no`, `on` and `0777`
/// are a string, a string and the number 777, so that a country code or a file mode means what it says.
package struct YAMLScalar: Sendable, Hashable {
  package var text: String
  /// Whether it stands without quotes and is no block scalar.
  package var isPlain: Bool

  package init(_ text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
  }

  package enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string
  }

  /// What the scalar is; an integer too large for 64 bits is a double, as in JSON.
  package var value: Value {
    guard isPlain else { return .string }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
    case ".nan", ".NaN", ".NAN": return .double(.nan)
    default: return number ?? .string
    }
  }

  private var number: Value? {
    if text.hasPrefix("0o") { return Self.integer(text.dropFirst(2), radix: 8) }
    if text.hasPrefix("0x") { return Self.integer(text.dropFirst(2), radix: 16) }
    guard Self.isDecimal(text.utf8) else { return nil }
    if let integer = Int64(text) { return .int(integer) }
    return Double(text).map { .double($0) }
  }

  private static func integer(_ digits: Substring, radix: Int) -> Value? {
    guard let first = digits.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
    return Int64(digits, radix: radix).map { .int($0) }
  }

  /// Tells whether a text is `[-+]? ( \. digits | digits ( \. digits? )? ) ( [eE] [-+]? digits )?`, which is narrower
  /// than what `Double.init` accepts (`0x1p3`, `infinity`).
  private static func isDecimal(_ text: String.UTF8View) -> Bool {
    var rest = text[...]
    func sign() { if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() } }
    func digits() -> Int {
      let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      rest.removeFirst(count)
      return count
    }
    sign()
    var mantissa = digits()
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      mantissa += digits()
    }
    guard mantissa > 0 else { return false }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      sign()
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
