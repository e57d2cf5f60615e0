internal import PluginKit

/// A document small enough for the storage: what is missed least is left out of it until it fits.
///
/// What it lacks of the event stands in the body's `truncated`, with the revision at which that was so.
struct FittedDocument {
  /// Bytes of JSON that are left for what the storage adds: the fields that an edit does not name and that stay as they
  /// are, each a name of up to 1 KiB, and what stands around a document in a request and in an answer.
  static let headroom = 4_096
  /// The most bytes of JSON that a document is given.
  static let sizeMax = Envelope.payloadMax - headroom
  /// Members of the body that can be done without, the least missed first.
  private static let spare = ["provider_payload", "attachments"]

  /// The document.
  private(set) var json: JSONObject
  /// The members of the event that it lacks, in whole or, for the text, in part.
  private(set) var cut: [String] = []

  private var size: Int { JSON.object(json).bytes().count }
  private var body: JSONObject { json["body"]?.objectValue ?? [:] }

  init(_ document: JSONObject) throws(PayloadError) {
    json = document
    // Null rather than absent, which would keep what an earlier event has left there. The text is lost to nobody: it
    // stands beside the body.
    if size > Self.sizeMax, json["text"] != nil { set("text", .null) }
    for member in Self.spare where size > Self.sizeMax && body[member] ?? .null != .null {
      set(member, .null)
      record(member)
    }
    if size > Self.sizeMax, let text = json["text"]?.stringValue {
      record("text")
      json["text"] = ""
      json["text"] = .string(Self.beginning(of: text, bytes: Self.sizeMax - size))
    }
    guard size <= Self.sizeMax else {
      throw PayloadError(key: "", expected: "names and ids of at most \(Self.sizeMax) bytes", found: "\(size) bytes")
    }
  }

  private mutating func set(_ member: String, _ value: JSON) {
    var body = body
    body[member] = value
    json["body"] = .object(body)
  }

  private mutating func record(_ member: String) {
    cut.append(member)
    set("truncated", ["revision": json["revision"] ?? .null, "members": .array(cut.map { .string($0) })])
  }

  /// The longest beginning of a text that takes no more than some bytes in JSON.
  private static func beginning(of text: String, bytes: Int) -> String {
    var left = bytes
    let end = text.indices.first { index in
      left -= JSON.string(String(text[index])).bytes().count - "\"\"".utf8.count
      return left < 0
    }
    return String(text[..<(end ?? text.endIndex)])
  }
}
