internal import PluginKit

/// What the storage is to do about an event.
struct Change {
  /// The collection of the storage that the messages lie in.
  static let collection = "messages"

  /// The request to the storage of the event's own tenant.
  let request: Envelope
  /// The members of the event that found no room in it.
  let cut: [String]

  init(of event: Envelope) throws {
    let topic = try Topic(event.topic)
    let payload = try JSON.parse(event.payload)
    switch topic.name {
    case SocialMessageCreated.intent:
      let message = try SocialMessageCreated(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      (request, cut) = try Self.put(topic, Self.document(message, body: payload))
    case SocialMessageUpdated.intent:
      let message = try SocialMessageUpdated(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      (request, cut) = try Self.put(topic, Self.document(message, body: payload))
    case SocialMessageDeleted.intent:
      let message = try SocialMessageDeleted(json: payload)
      try Self.check(message.provider, message.tenant, topic)
      let revision = JSON.int(message.deletedAt.milliseconds)
      request = try Self.request("delete", topic, ["foreign_ids": [.string(message.messageID)], "revision": revision])
      cut = []
    default:
      throw PayloadError(key: "topic", expected: "SocialMessageCreated, Updated or Deleted", found: topic.name)
    }
  }

  /// A request to write one document, with the whole event as its body where there is room for that.
  private static func put(_ topic: Topic, _ document: JSONObject) throws -> (Envelope, cut: [String]) {
    let whole = try request("put", topic, ["documents": [.object(document)]])
    guard whole.payload.count > FittedDocument.sizeMax else { return (whole, []) }
    let fitted = try FittedDocument(document)
    return (try request("put", topic, ["documents": [.object(fitted.json)]]), fitted.cut)
  }

  private static func document(_ message: SocialMessageCreated, body: JSON) -> JSONObject {
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
    return document
  }

  /// What an edit says; what it does not say is absent, and stays as it is stored.
  private static func document(_ message: SocialMessageUpdated, body: JSON) -> JSONObject {
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
    return document
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
