internal import PluginKit

/// A blob of the tenant's, by its collection and its digest.
struct BlobName: Hashable {
  let collection: String
  /// In 64 lower-case digits.
  let sha256: String
  /// Its 32 bytes.
  let digest: [UInt8]

  init(_ json: JSON, at path: String) throws(EmbedderError) {
    let fields = try EmbedFields(json, at: path, keys: ["collection", "sha256"])
    guard let collection = fields.json("collection").stringValue, !collection.isEmpty else {
      let found = fields.json("collection").summary
      throw EmbedderError("\(path).collection: expected a collection such as \"attachments\", found \(found)")
    }
    guard let sha256 = fields.json("sha256").stringValue, let digest = Self.digest(sha256) else {
      let found = fields.json("sha256").summary
      throw EmbedderError("\(path).sha256: expected a SHA-256 in 64 lower-case digits, found \(found)")
    }
    (self.collection, self.sha256, self.digest) = (collection, sha256, digest)
  }

  private static func digest(_ text: String) -> [UInt8]? {
    guard text.utf8.count == 2 * SHA256.size, text == text.lowercased(),
      text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
    else { return nil }
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { place in
      UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16)
    }
    return bytes.count == SHA256.size ? bytes : nil
  }
}

/// A request for vectors of pictures, which the storage has as blobs; without any, for what the model is.
struct ImageRequest {
  /// The most pictures of a request: decoding each may take a tenth of a second.
  static let countMax = 32

  let images: [BlobName]
  let priority: Priority

  /// Reads a payload, of at most as many pictures as an answer has room for.
  init(_ payload: [UInt8], countMax: Int) throws(EmbedderError) {
    let fields = try EmbedFields(payload, keys: ["images", "priority"])
    var images: [BlobName] = []
    let list = try fields.list("images", countMax: min(countMax, Self.countMax), isEmptyAllowed: true)
    for (index, element) in list.enumerated() { images.append(try BlobName(element, at: "images[\(index)]")) }
    self.images = images
    priority = try fields.priority()
  }
}
