internal import PluginKit

/// The members of a request's payload, read strictly: each error names the member, what was expected and what was found.
struct EmbedFields {
  private let object: JSONObject

  init(_ payload: [UInt8], keys: Set<String>) throws(EmbedderError) {
    let json: JSON
    do {
      json = try JSON.parse(payload)
    } catch {
      throw EmbedderError("payload: \(error)")
    }
    try self.init(json, at: "", keys: keys)
  }

  init(_ json: JSON, at path: String, keys: Set<String>) throws(EmbedderError) {
    guard let object = json.objectValue else {
      throw EmbedderError("\(path.isEmpty ? "payload" : path): expected object, found \(json.summary)")
    }
    if let unknown = object.keys.first(where: { !keys.contains($0) }) {
      let place = path.isEmpty ? "" : "\(path)."
      throw EmbedderError("\(place)\(unknown.prefix(64)): unknown; known are \(keys.sorted().joined(separator: ", "))")
    }
    self.object = object
  }

  /// A list of as many as an answer has room for.
  func list(_ key: String, countMax: Int, isEmptyAllowed: Bool = false) throws(EmbedderError) -> [JSON] {
    let list = object[key] ?? .null
    guard let elements = list.arrayValue, isEmptyAllowed || !elements.isEmpty else {
      throw EmbedderError("\(key): expected a list of \(key), found \(list.summary)")
    }
    guard elements.count <= countMax else {
      throw EmbedderError(
        "\(key): expected at most \(countMax), which an answer of 64 KiB has room for, found \(elements.count)"
      )
    }
    return elements
  }

  func json(_ key: String) -> JSON { object[key] ?? .null }

  /// Live, unless it is said.
  func priority() throws(EmbedderError) -> Priority {
    let json = json("priority")
    if json.isNull { return .live }
    guard let priority = json.stringValue.flatMap(Priority.init(rawValue:)) else {
      throw EmbedderError("priority: expected live or backfill, found \(json.summary)")
    }
    return priority
  }
}
