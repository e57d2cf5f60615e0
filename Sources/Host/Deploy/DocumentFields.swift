internal import Envelope

/// The members of a JSON object of the host's own that is read back: each asked for once, none left over.
struct DocumentFields {
  /// What messages call the document.
  let what: String
  private let object: JSONObject
  private var asked: Set<String> = []

  init(_ json: JSON, _ what: String) throws(HostError) {
    guard case .object(let object) = json else { throw HostError("\(what): expected an object, found \(json.summary)") }
    (self.what, self.object) = (what, object)
  }

  mutating func optional(_ key: String) -> JSON? {
    asked.insert(key)
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  mutating func required(_ key: String) throws(HostError) -> JSON {
    guard let value = optional(key) else { throw HostError("\(what): \"\(key)\" is missing") }
    return value
  }

  mutating func text(_ key: String) throws(HostError) -> String {
    let value = try required(key)
    guard let text = value.stringValue else { throw mismatch(key, "a text", value) }
    return text
  }

  mutating func optionalText(_ key: String) throws(HostError) -> String? {
    guard let value = optional(key) else { return nil }
    guard let text = value.stringValue else { throw mismatch(key, "a text", value) }
    return text
  }

  mutating func number(_ key: String) throws(HostError) -> Int {
    let value = try required(key)
    guard let number = value.intValue.flatMap({ Int(exactly: $0) }), number >= 0 else {
      throw mismatch(key, "a number", value)
    }
    return number
  }

  mutating func optionalNumber(_ key: String) throws(HostError) -> Int? {
    try optional(key) == nil ? nil : number(key)
  }

  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String) throws(HostError) -> Choice {
    let text = try text(key)
    if let choice = Choice(rawValue: text) { return choice }
    throw mismatch(key, Choice.allCases.map(\.rawValue).spelledOut("or"), .string(text))
  }

  mutating func list(_ key: String) throws(HostError) -> [JSON] {
    let value = try required(key)
    guard let list = value.arrayValue else { throw mismatch(key, "a list", value) }
    return list
  }

  mutating func texts(_ key: String) throws(HostError) -> [String] {
    var texts: [String] = []
    for value in try list(key) {
      guard let text = value.stringValue else { throw mismatch(key, "texts", value) }
      texts.append(text)
    }
    return texts
  }

  /// Reads a mapping of names to texts.
  mutating func table(_ key: String) throws(HostError) -> [String: String] {
    let value = try required(key)
    guard let members = value.objectValue else { throw mismatch(key, "an object", value) }
    var table: [String: String] = [:]
    for (name, value) in members {
      guard let text = value.stringValue else { throw mismatch("\(key).\(name)", "a text", value) }
      table[name] = text
    }
    return table
  }

  /// Refuses what nobody asked for.
  func finish() throws(HostError) {
    guard let unknown = object.keys.first(where: { !asked.contains($0) }) else { return }
    throw HostError("\(what): unknown key \"\(unknown)\"")
  }

  /// Reads a document from bytes, of version 1.
  static func version1(_ bytes: [UInt8], _ what: String) throws(HostError) -> DocumentFields {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch { throw HostError("\(what): \(error)") }
    return try version1(json, what)
  }

  static func version1(_ json: JSON, _ what: String) throws(HostError) -> DocumentFields {
    var fields = try DocumentFields(json, what)
    let version = try fields.required("version")
    guard version == 1 else { throw fields.mismatch("version", "1", version) }
    return fields
  }

  func mismatch(_ key: String, _ expected: String, _ found: JSON) -> HostError {
    HostError("\(what): \(key): expected \(expected), found \(found.summary)")
  }
}
