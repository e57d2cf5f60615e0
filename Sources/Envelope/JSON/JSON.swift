/// A JSON value as RFC 8259 has it.
///
/// Integers that fit stay integers. Reading is strict: UTF-8 only, no duplicate key, at most 64 levels.
public enum JSON: Sendable, Hashable {
  /// null
  case null
  /// true or false
  case bool(Bool)
  /// A number written without fraction and exponent that fits 64 bits.
  case int(Int64)
  /// Any other number. One that is infinite or not a number is written as null.
  case double(Double)
  /// Text.
  case string(String)
  /// Values in their order.
  case array([JSON])
  /// Values by key.
  case object(JSONObject)
}

// MARK: - Reading

extension JSON {
  /// The most levels of arrays and objects within each other.
  public static let depthMax = 64

  /// Returns the value that some bytes say.
  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
    var parser = JSONParser(bytes)
    return try parser.document()
  }

  /// Returns the value that some bytes say.
  public static func parse(_ bytes: some Collection<UInt8>) throws(JSONError) -> JSON {
    try parse(Array(bytes))
  }

  /// Returns the value that some text says.
  public static func parse(_ text: String) throws(JSONError) -> JSON {
    try parse(Array(text.utf8))
  }
}

// MARK: - Writing

extension JSON {
  /// Returns the value as UTF-8, in one line or, pretty, in indented lines.
  public func bytes(pretty: Bool = false) -> [UInt8] {
    var writer = JSONWriter(isPretty: pretty)
    writer.append(self)
    return writer.bytes
  }

  /// The value as text in one line.
  public var text: String { String(decoding: bytes(), as: UTF8.self) }
}

// MARK: - Looking inside

extension JSON {
  /// The text, if it is a string.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The truth value, if it is one.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The values, if it is an array.
  public var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The object, if it is one.
  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The whole number, if it is one and fits 64 bits; `1.0` is one.
  public var intValue: Int64? {
    switch self {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The number, if it is one.
  public var doubleValue: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// Whether it is null.
  public var isNull: Bool { self == .null }

  /// The value at a key, if it is an object that has one.
  public subscript(key: String) -> JSON? { objectValue?[key] }

  /// A short description for messages that say what was found, such as `string "x"`.
  public var summary: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return "boolean \(value)"
    case .int(let value): return "integer \(value)"
    case .double(let value): return "number \(value)"
    case .string(let value):
      /// What fits a line of a message beside the rest.
      let shown = 40
      let text = value.count > shown ? value.prefix(shown) + "…" : value[...]
      return "string \(JSON.string(String(text)).text)"
    case .array(let value): return value.isEmpty ? "empty array" : "array"
    case .object(let value): return value.isEmpty ? "empty object" : "object"
    }
  }
}

extension JSON: CustomStringConvertible {
  /// The value as text in one line.
  public var description: String { text }
}

// MARK: - Literals

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// Creates null.
  public init(nilLiteral: ()) { self = .null }
  /// Creates a truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates a whole number.
  public init(integerLiteral value: Int64) { self = .int(value) }
  /// Creates a number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// Creates text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Creates an array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Creates an object; of a key given twice, the last value stays.
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(JSONObject(elements)) }
}
