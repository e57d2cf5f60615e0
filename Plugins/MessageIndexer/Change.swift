internal import PluginKit

/// What the storage is to do about an event.
struct Change {
  /// The collection of the storage that the messages lie in.
  static let collection = "messages"

  /// The request to the storage of the event's own tenant.
  let request: Envelope

  init(of event: Envelope) throws {
    let topic = try Topic(event.topic)
    let payload = try JSON.parse(event.payload)
    switch topic.name {
    case SocialMessageCreated.intent:
      let message = try SocialMessageCreated(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      request = try Self.put(topic, payload) { Self.document(message, body: $0) }
    case SocialMessageUpdated.intent:
      let message = try SocialMessageUpdated(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      request = try Self.put(topic, payload) { Self.document(message, body: $0) }
    case SocialMessageDeleted.intent:
      let message = try SocialMessageDeleted(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      let revision = JSON.int(message.deletedAt.milliseconds)
      request = try Self.request("delete", topic, ["foreign_ids": [.string(message.messageID)], "revision": revision])
    default:
      throw PayloadError(key: "topic", expected: "SocialMessageCreated, Updated or Deleted", found: topic.name)
    }
  }

  /// A request to write one document with the whole payload as its body.
  ///
  /// Where that would be too much for a request, the body lacks the provider's own part.
  private static func put(_ topic: Topic, _ payload: JSON, _ document: (JSON) -> JSON) throws -> Envelope {
    let whole = try request("put", topic, ["documents": [document(payload)]])
    guard whole.payload.count > Envelope.payloadMax, var canonical = payload.objectValue else { return whole }
    // Null rather than absent, which would keep what an earlier event has left there.
    canonical["provider_payload"] = .null
    let short = try request("put", topic, ["documents": [document(.object(canonical))]])
    guard short.payload.count <= Envelope.payloadMax else {
      let found = "\(short.payload.count) bytes"
      throw PayloadError(key: "text", expected: "a document of at most \(Envelope.payloadMax) bytes", found: found)
    }
    return short
  }

  private static func document(_ message: SocialMessageCreated, body: JSON) -> JSON {
    var document: JSONObject = [
      "foreign_id": .string(message.messageID),
      "revision": .int(message.createdAt.milliseconds),
      "space": .string(message.spaceURN.id),
      "author": .string(message.authorURN.id),
      "created_at": .int(message.createdAt.milliseconds),
      "text": .string(message.text ?? ""),
      "body": body,
    ]
    document["thread"] = message.threadID.map { .string($0) }
    return .object(document)
  }

  /// What an edit says; what it does not say is absent, and stays as it is stored.
  private static func document(_ message: SocialMessageUpdated, body: JSON) -> JSON {
    var document: JSONObject = [
      "foreign_id": .string(message.messageID),
      "revision": .int(message.editedAt.milliseconds),
      "space": .string(message.spaceURN.id),
      "body": body,
    ]
    document["author"] = message.authorURN.map { .string($0.id) }
    document["thread"] = message.threadID.map { .string($0) }
    document["created_at"] = message.createdAt.map { .int($0.milliseconds) }
    document["text"] = message.text.map { .string($0) }
    return .object(document)
  }

  private static func request(_ operation: String, _ topic: Topic, _ payload: JSON) throws -> Envelope {
    let name = "documents.\(operation)"
    let topic = try Topic(provider: topic.provider, tenant: topic.tenant, area: "storage", name: name)
    var request = Envelope(topic: topic.description, intent: name, payload: payload.bytes())
    request.resource = collection
    return request
  }

  private static func check(_ provider: String, _ tenant: String, _ topic: Topic) throws(PayloadError) {
    guard provider == topic.provider else {
      throw PayloadError(key: "provider", expected: topic.provider, found: provider)
    }
    guard tenant == topic.tenant else { throw PayloadError(key: "tenant", expected: topic.tenant, found: tenant) }
  }
}

extension Timestamp {
  /// Whole milliseconds since 1970, rounded down: what the storage counts revisions in.
  fileprivate var milliseconds: Int64 {
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
