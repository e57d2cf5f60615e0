internal import PluginKit

/// The members of a JSON object in a request, read strictly: each error names the member, what was expected and what
/// was found.
struct RequestFields {
  /// Bytes of the longest name, such as a foreign id.
  static let nameMax = 1_024

  private let object: JSONObject
  /// Where the object stands in the payload, with a dot at the end unless it is the whole.
  private let path: String

  init(_ json: JSON, at path: String = "", keys: Set<String>) throws(StorageError) {
    guard let object = json.objectValue else {
      let place = path.isEmpty ? "payload" : String(path.dropLast())
      throw StorageError("\(place): expected object, found \(json.summary)")
    }
    self.object = object
    self.path = path
    if let unknown = object.keys.first(where: { !keys.contains($0) }) {
      throw StorageError("\(path)\(unknown.prefix(64)): unknown; known are \(keys.sorted().joined(separator: ", "))")
    }
  }

  /// A member that is there and not null.
  func json(_ key: String) -> JSON? {
    // Not by a conditional expression: its `nil` would be a JSON value.
    guard let json = object[key], !json.isNull else { return nil }
    return json
  }

  /// Whether a member is there and null, where that means something.
  func isNull(_ key: String) -> Bool { object[key] == .null }

  func text(_ key: String) throws(StorageError) -> String? {
    guard let json = json(key) else { return nil }
    guard let text = json.stringValue else { throw expected("string", key) }
    return text
  }

  /// A text that is an id or the name of something.
  func name(_ key: String) throws(StorageError) -> String? {
    guard let text = try text(key) else { return nil }
    guard (1...Self.nameMax).contains(text.utf8.count) else {
      throw StorageError("\(path)\(key): expected 1 to \(Self.nameMax) bytes, found \(text.utf8.count)")
    }
    return text
  }

  func bool(_ key: String) throws(StorageError) -> Bool? {
    guard let json = json(key) else { return nil }
    guard let bool = json.boolValue else { throw expected("boolean", key) }
    return bool
  }

  func int(_ key: String) throws(StorageError) -> Int64? {
    guard let json = json(key) else { return nil }
    guard let number = json.intValue else { throw expected("integer", key) }
    return number
  }

  /// Milliseconds since 1970 UTC, given so or as RFC 3339.
  func time(_ key: String) throws(StorageError) -> Int64? {
    guard let json = json(key) else { return nil }
    if let number = json.intValue { return number }
    guard let text = json.stringValue, let time = try? Timestamp(text) else {
      throw expected("milliseconds since 1970 or an RFC 3339 time", key)
    }
    return time.milliseconds
  }

  func list(_ key: String) throws(StorageError) -> [JSON] {
    guard let list = json(key)?.arrayValue else { throw expected("array", key) }
    return list
  }

  func required<Value>(_ key: String, _ value: Value?) throws(StorageError) -> Value {
    guard let value else { throw expected("a value", key) }
    return value
  }

  /// A member by the path that leads to it.
  func name(of key: String) -> String { path + key }

  func expected(_ what: String, _ key: String) -> StorageError {
    StorageError("\(path)\(key): expected \(what), found \(object[key]?.summary ?? "nothing")")
  }
}
