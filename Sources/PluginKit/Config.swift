public import Envelope

/// The operator's configuration of this plugin, read by key; each error names the key, what was expected and what was
/// found.
public struct Config: Sendable, Hashable {
  /// Why a value cannot be used.
  public struct Failure: Error, Hashable, CustomStringConvertible {
    /// The key, what was expected there and what was found.
    public let description: String
  }

  /// The configuration as JSON.
  public let json: JSONObject
  /// Where this object stands, for messages.
  let path: String

  /// A configuration made of JSON, as a test or a nested reader wants it.
  public init(_ json: JSONObject) {
    self.init(json, path: "config")
  }

  init(json bytes: [UInt8], path: String = "config") throws(Failure) {
    guard !bytes.isEmpty else {
      self.init([:], path: path)
      return
    }
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw Failure(description: "\(path): \(error)")
    }
    guard let object = json.objectValue else {
      throw Failure(description: "\(path): expected object, found \(json.summary)")
    }
    self.init(object, path: path)
  }

  private init(_ json: JSONObject, path: String) {
    self.json = json
    self.path = path
  }

  /// A text; required if there is no default.
  public func string(_ key: String, default fallback: String? = nil) throws(Failure) -> String {
    try value(key, fallback, "string") { $0.stringValue }
  }

  /// A truth value; required if there is no default.
  public func bool(_ key: String, default fallback: Bool? = nil) throws(Failure) -> Bool {
    try value(key, fallback, "true or false") { $0.boolValue }
  }

  /// A whole number within a range; required if there is no default.
  public func int(
    _ key: String,
    default fallback: Int? = nil,
    in range: ClosedRange<Int> = .min ... .max
  ) throws(Failure) -> Int {
    let number = try value(key, fallback, "integer") { $0.intValue.flatMap(Int.init(exactly:)) }
    guard range.contains(number) else {
      throw failure(key, expected: "integer from \(range.lowerBound) to \(range.upperBound)", found: "\(number)")
    }
    return number
  }

  /// A length of time such as "250ms", "5s", "10m" or "2h"; required if there is no default.
  public func duration(_ key: String, default fallback: Duration? = nil) throws(Failure) -> Duration {
    try value(key, fallback, #"duration such as "5s""#) { Duration(text: $0.stringValue ?? "") }
  }

  /// A number of bytes such as 4096, "64KiB", "16MiB" or "1GiB"; required if there is no default.
  public func bytes(_ key: String, default fallback: Int? = nil) throws(Failure) -> Int {
    try value(key, fallback, #"bytes such as "64MiB""#) { json in
      if let number = json.intValue { return number < 0 ? nil : Int(exactly: number) }
      return json.stringValue.flatMap(Self.bytes)
    }
  }

  /// A list of texts; required if there is no default.
  public func strings(_ key: String, default fallback: [String]? = nil) throws(Failure) -> [String] {
    try value(key, fallback, "list of strings") { json in
      guard let list = json.arrayValue else { return nil }
      let texts = list.compactMap(\.stringValue)
      return texts.count == list.count ? texts : nil
    }
  }

  /// A list of objects; required if there is no default.
  public func objects(_ key: String, default fallback: [Config]? = nil) throws(Failure) -> [Config] {
    try value(key, fallback, "list of objects") { json in
      guard let list = json.arrayValue else { return nil }
      let objects = list.enumerated().compactMap { index, element in
        element.objectValue.map { Config($0, path: "\(path).\(key)[\(index)]") }
      }
      return objects.count == list.count ? objects : nil
    }
  }

  /// An object within this one; empty if it is not there.
  public func nested(_ key: String) throws(Failure) -> Config {
    try nested(key, path: "\(path).\(key)")
  }

  /// An object within this one, by another name in messages.
  func nested(_ key: String, path: String) throws(Failure) -> Config {
    Config(try value(key, JSONObject(), "object") { $0.objectValue }, path: path)
  }

  private func value<Value>(
    _ key: String,
    _ fallback: Value?,
    _ expected: String,
    _ read: (JSON) -> Value?
  ) throws(Failure) -> Value {
    guard let json = json[key], !json.isNull else {
      guard let fallback else { throw failure(key, expected: expected, found: "nothing") }
      return fallback
    }
    guard let value = read(json) else { throw failure(key, expected: expected, found: json.summary) }
    return value
  }

  private func failure(_ key: String, expected: String, found: String) -> Failure {
    Failure(description: "\(path).\(key): expected \(expected), found \(found)")
  }

  private static func bytes(_ text: String) -> Int? {
    split(text, [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)])
  }

  /// The number before a unit times what the unit stands for.
  fileprivate static func split(_ text: String, _ units: [(name: String, factor: Int)]) -> Int? {
    guard let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
    let digits = text.dropLast(unit.name.count)
    guard let first = digits.utf8.first, (48...57).contains(first), let number = Int(digits) else { return nil }
    let product = number.multipliedReportingOverflow(by: unit.factor)
    return product.overflow ? nil : product.partialValue
  }
}

extension Duration {
  /// A duration as the manifests write it: a whole number and one of `ms`, `s`, `m`, `h`.
  fileprivate init?(text: String) {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
    guard let milliseconds = Config.split(text, units) else { return nil }
    self = .milliseconds(milliseconds)
  }
}
