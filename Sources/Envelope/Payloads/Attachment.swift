/// A file that belongs to a message.
public struct Attachment: Sendable, Hashable {
  /// The attachment's name.
  public var urn: URN
  /// The place where it can be fetched.
  public var url: String
  /// The media type.
  public var contentType: String?
  /// The size in bytes.
  public var size: Int64?
  /// The SHA-256 digest of the content: 64 lower-case hexadecimal digits.
  public var sha256: String?

  /// Creates an attachment.
  public init(urn: URN, url: String, contentType: String? = nil, size: Int64? = nil, sha256: String? = nil) {
    (self.urn, self.url, self.contentType, self.size, self.sha256) = (urn, url, contentType, size, sha256)
  }

  init(json: JSON, path: String) throws(PayloadError) {
    let reader = try PayloadReader(json, path: path)
    urn = try reader.urn("urn")
    url = try reader.identifier("url")
    contentType = try reader.string(ifPresent: "content_type")
    size = try reader.optional("size", "integer from 0") { json in json.intValue.flatMap { $0 >= 0 ? $0 : nil } }
    sha256 = try reader.optional("sha256", "64 digits of 0-9 a-f") { json in
      json.stringValue.flatMap { Self.isDigest($0) ? $0 : nil }
    }
  }

  var json: JSON {
    var object = JSONObject()
    object.set("urn", urn)
    object.set("url", url)
    object.set("content_type", contentType)
    object["size"] = size.map { .int($0) }
    object.set("sha256", sha256)
    return .object(object)
  }

  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { Hex.value($0) != nil && !(0x41...0x46).contains($0) }
  }
}
