/// A reader of an object's members, whose errors name the key.
struct PayloadReader {
  private let object: JSONObject
  /// What stands before each key in messages, such as `attachments[0].`.
  private let path: String

  init(_ json: JSON, path: String = "") throws(PayloadError) {
    guard let object = json.objectValue else {
      throw PayloadError(key: path, expected: "object", found: json.summary)
    }
    self.object = object
    self.path = path.isEmpty ? "" : path + "."
  }

  /// Returns what `convert` makes of the value at a key, or nil if there is none.
  func optional<Value>(
    _ key: String,
    _ expected: String,
    _ convert: (JSON) -> Value?
  ) throws(PayloadError) -> Value? {
    guard let json = object[key] else { return nil }
    guard let value = convert(json) else {
      throw PayloadError(key: path + key, expected: expected, found: json.summary)
    }
    return value
  }

  /// Returns what `convert` makes of the value at a key.
  func required<Value>(_ key: String, _ expected: String, _ convert: (JSON) -> Value?) throws(PayloadError) -> Value {
    guard let value = try optional(key, expected, convert) else {
      throw PayloadError(key: path + key, expected: expected, found: "nothing")
    }
    return value
  }

  /// Returns the elements of the array at a key, or nil if there is none.
  func list<Element>(
    _ key: String,
    _ element: (JSON, _ path: String) throws(PayloadError) -> Element
  ) throws(PayloadError) -> [Element]? {
    guard let values = try optional(key, "array", \.arrayValue) else { return nil }
    var elements: [Element] = []
    for (index, value) in values.enumerated() {
      elements.append(try element(value, "\(path)\(key)[\(index)]"))
    }
    return elements
  }
}

// MARK: - Kinds of values

extension PayloadReader {
  func string(_ key: String) throws(PayloadError) -> String {
    try required(key, "string", \.stringValue)
  }

  func string(ifPresent key: String) throws(PayloadError) -> String? {
    try optional(key, "string", \.stringValue)
  }

  /// A string that says something: an id, or where something is.
  func identifier(_ key: String) throws(PayloadError) -> String {
    try required(key, "string that is not empty", Self.nonEmpty)
  }

  func identifier(ifPresent key: String) throws(PayloadError) -> String? {
    try optional(key, "string that is not empty", Self.nonEmpty)
  }

  /// The name of a provider or tenant.
  func name(_ key: String) throws(PayloadError) -> String {
    try required(key, "name of \(TokenRule.nameRule)") { json in
      json.stringValue.flatMap { TokenRule.isName($0) ? $0 : nil }
    }
  }

  func urn(_ key: String) throws(PayloadError) -> URN {
    try required(key, "urn:<provider>:<kind>:<tenant>:<id>", Self.urn)
  }

  func urn(ifPresent key: String) throws(PayloadError) -> URN? {
    try optional(key, "urn:<provider>:<kind>:<tenant>:<id>", Self.urn)
  }

  func time(_ key: String) throws(PayloadError) -> Timestamp {
    try required(key, "RFC 3339 time", Self.time)
  }

  func time(ifPresent key: String) throws(PayloadError) -> Timestamp? {
    try optional(key, "RFC 3339 time", Self.time)
  }

  func any(ifPresent key: String) -> JSON? { object[key] }

  private static func nonEmpty(_ json: JSON) -> String? { json.stringValue.flatMap { $0.isEmpty ? nil : $0 } }

  private static func urn(_ json: JSON) -> URN? { json.stringValue.flatMap { try? URN($0) } }

  private static func time(_ json: JSON) -> Timestamp? { json.stringValue.flatMap { try? Timestamp($0) } }
}

// MARK: - Writing

extension JSONObject {
  /// Sets a key to text, unless there is none.
  mutating func set(_ key: String, _ text: String?) { self[key] = text.map { .string($0) } }

  mutating func set(_ key: String, _ urn: URN?) { set(key, urn?.description) }

  mutating func set(_ key: String, _ time: Timestamp?) { set(key, time?.description) }
}
