internal import PluginKit

/// What a request asks for.
struct EmbedRequest {
  /// Bytes that all texts of a request may have together.
  static let bytesMax = 48 << 10

  let texts: [String]
  let priority: Priority

  private static let keys: Set<String> = ["texts", "priority"]

  /// Reads a payload, of at most as many texts as an answer has room for.
  init(_ payload: [UInt8], textsMax: Int) throws(EmbedderError) {
    let json: JSON
    do {
      json = try JSON.parse(payload)
    } catch {
      throw EmbedderError("payload: \(error)")
    }
    guard let object = json.objectValue else { throw EmbedderError("payload: expected object, found \(json.summary)") }
    if let unknown = object.keys.first(where: { !Self.keys.contains($0) }) {
      throw EmbedderError("\(unknown.prefix(64)): unknown; known are \(Self.keys.sorted().joined(separator: ", "))")
    }
    let list = object["texts"] ?? .null
    guard let elements = list.arrayValue, !elements.isEmpty else {
      throw EmbedderError("texts: expected a list of texts, found \(list.summary)")
    }
    guard elements.count <= textsMax else {
      throw EmbedderError(
        "texts: expected at most \(textsMax), which an answer of 64 KiB has room for, found \(elements.count)"
      )
    }
    var texts: [String] = []
    for (index, element) in elements.enumerated() {
      guard let text = element.stringValue else {
        throw EmbedderError("texts[\(index)]: expected string, found \(element.summary)")
      }
      texts.append(text)
    }
    let bytes = texts.reduce(0) { $0 + $1.utf8.count }
    guard bytes <= Self.bytesMax else {
      throw EmbedderError("texts: expected at most \(Self.bytesMax) bytes together, found \(bytes)")
    }
    self.texts = texts
    priority = try Self.priority(object["priority"] ?? .null)
  }

  private static func priority(_ json: JSON) throws(EmbedderError) -> Priority {
    if json.isNull { return .live }
    guard let priority = json.stringValue.flatMap(Priority.init(rawValue:)) else {
      throw EmbedderError("priority: expected live or backfill, found \(json.summary)")
    }
    return priority
  }
}
