import AttachmentIndexer
import Locking
import PluginABI
import PluginKit
import TestSupport

/// An attachment indexer in a host made for tests, with a storage and a web that are dictionaries.
final class AttachmentFixture: Sendable {
  /// What there is besides the plugin.
  struct World {
    /// What fetching is answered with, by URL.
    var web: [String: FakeHost.Answer] = [:]
    /// What the pieces of blobs that Fetch keeps are cut from, by digest.
    var fetched: [String: [UInt8]] = [:]
    var documents: [String: JSON] = [:]
    /// Up to which revision a foreign id was deleted.
    var marks: [String: Int64] = [:]
    var blobs: [String: [UInt8]] = [:]
    var references: [String: String] = [:]
    /// What is coming: the digest, the document, and the bytes so far.
    var upload: (sha256: String, foreignID: String, bytes: [UInt8]) = ("", "", [])
    /// How many pieces are refused before one is taken.
    var lostUploads = 0
    /// What the storage says to whatever is put.
    var refusal: String?
  }

  /// What there is, which the host's closure has too.
  final class Shared: Sendable {
    let world = Locked(World())
  }

  private let shared = Shared()
  let host: FakeHost

  init(config: JSON = [:]) async throws {
    let shared = shared
    host = FakeHost(AttachmentIndexer.self, config: config) { request in
      shared.world.withLock { $0.answer(request) }
    }
    try await host.boot()
  }

  /// Looks at what there is, or changes it.
  func withWorld<Value: Sendable>(_ body: (inout World) -> Value) -> Value { shared.world.withLock { body(&$0) } }

  /// An event of a message that has attachments.
  static func event(
    _ attachments: JSON?,
    as name: String = "SocialMessageCreated",
    id: String = "m1",
    at time: String = "2026-01-01T00:00:00Z"
  ) -> Envelope {
    let topic = "promethean.p.echo.t.demo.events.\(name)"
    let key = ["SocialMessageCreated": "created_at", "SocialMessageUpdated": "edited_at"][name] ?? "deleted_at"
    var message: JSONObject = [
      "message_id": .string(id), "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
      key: .string(time), "provider": "echo", "tenant": "demo",
    ]
    message["attachments"] = attachments
    return Envelope(topic: topic, intent: name, payload: JSON.object(message).bytes())
  }

  /// An attachment as a message has it.
  static func attachment(_ id: String, _ url: String, _ more: JSONObject = [:]) -> JSON {
    var attachment: JSONObject = ["urn": .string("urn:echo:attachment:demo:\(id)"), "url": .string(url)]
    for (key, value) in more { attachment[key] = value }
    return .object(attachment)
  }

  /// Has a URL answer with bytes: in the answer if they are few, else as a blob.
  func serve(_ url: String, _ bytes: [UInt8], type: String? = nil) {
    var answer: JSONObject = ["status": 200, "url": .string(url), "headers": []]
    if let type { answer["headers"] = [["content-type", .string(type)]] }
    let sha256 = Hex.encode(SHA256.digest(bytes))
    if bytes.count <= 48 << 10 {
      answer["body_base64"] = .string(Base64.encode(bytes))
    } else {
      answer["blob"] = ["sha256": .string(sha256), "size": .int(Int64(bytes.count)), "content_type": ""]
    }
    withWorld { [answer] world in
      world.web[url] = .response(.object(answer))
      world.fetched[sha256] = bytes
    }
  }

  /// Has a URL answer with a status alone.
  func serve(_ url: String, status: Int64) {
    let answer: JSON = ["status": .int(status), "url": .string(url), "headers": [], "body": ""]
    withWorld { $0.web[url] = .response(answer) }
  }

  /// The member of a document's body.
  func body(_ foreignID: String) -> JSON? { withWorld { $0.documents[foreignID]?["body"] } }

  /// How often something was requested.
  func requests(_ name: String) -> Int { host.record.requested.count { $0.envelope.topic.hasSuffix(name) } }
}

extension AttachmentFixture.World {
  /// Answers as Storage and Fetch do.
  mutating func answer(_ request: Envelope) -> FakeHost.Answer {
    guard let topic = try? Topic(request.topic), let payload = try? JSON.parse(request.payload) else {
      return .error("no request")
    }
    switch "\(topic.area).\(topic.name)" {
    case "http.fetch":
      let url = String(request.resource.dropFirst("GET ".count))
      return web[url] ?? .failure(PROMETHEAN_DENIED, "grants.http.fetch does not include it")
    case "http.fetch.read":
      let bytes = fetched[payload["sha256"]?.stringValue ?? ""] ?? []
      let start = min(bytes.count, Int(payload["offset"]?.intValue ?? 0))
      return .bytes(Array(bytes[start..<min(bytes.count, start + Int(payload["length"]?.intValue ?? 0))]))
    case "storage.documents.get":
      let mark = marks[payload["foreign_id"]?.stringValue ?? ""]
      return .response(mark.map { ["document": nil, "deleted": .int($0)] } ?? ["document": nil])
    case "storage.documents.query":
      let found = documents.values.filter { $0["thread"] == payload["thread"] }
      return .response(["documents": .array(Array(found))])
    case "storage.documents.put": return put(payload["documents"]?.arrayValue ?? [])
    case "storage.documents.delete":
      for id in payload["foreign_ids"]?.arrayValue?.compactMap(\.stringValue) ?? [] {
        (documents[id], references[id], marks[id]) = (nil, nil, payload["revision"]?.intValue)
      }
      return .response([:])
    default: return blob(topic.name, payload)
    }
  }

  private mutating func put(_ list: [JSON]) -> FakeHost.Answer {
    if let refusal { return .error(refusal) }
    for document in list { documents[document["foreign_id"]?.stringValue ?? ""] = document }
    return .response(["written": .int(Int64(list.count))])
  }

  private mutating func blob(_ name: String, _ payload: JSON) -> FakeHost.Answer {
    let foreignID = payload["foreign_id"]?.stringValue ?? ""
    switch name {
    case "blobs.begin":
      let sha256 = payload["sha256"]?.stringValue ?? ""
      guard blobs[sha256] == nil else {
        references[foreignID] = sha256
        return .response(["stored": true, "reference": "written"])
      }
      upload = (sha256, foreignID, [])
      return .response(["stored": false, "upload": "u", "offset": 0])
    case "blobs.append" where lostUploads > 0:
      lostUploads -= 1
      return .error("upload: begin again")
    case "blobs.append":
      upload.bytes += payload["data"]?.stringValue.flatMap(Base64.decode) ?? []
      return .response(["offset": .int(Int64(upload.bytes.count))])
    case "blobs.commit":
      guard Hex.encode(SHA256.digest(upload.bytes)) == upload.sha256 else { return .error("sha256: another") }
      blobs[upload.sha256] = upload.bytes
      references[upload.foreignID] = upload.sha256
      return .response([:])
    default: return .error("no operation \(name)")
    }
  }
}
