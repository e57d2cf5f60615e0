internal import PluginKit

/// A request for vectors of texts.
struct TextRequest {
  /// Bytes that all texts of a request may have together.
  static let bytesMax = 48 << 10

  let texts: [String]
  let priority: Priority

  /// Reads a payload, of at most as many texts as an answer has room for.
  init(_ payload: [UInt8], countMax: Int) throws(EmbedderError) {
    let fields = try EmbedFields(payload, keys: ["texts", "priority"])
    var texts: [String] = []
    for (index, element) in try fields.list("texts", countMax: countMax).enumerated() {
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
    priority = try fields.priority()
  }
}
