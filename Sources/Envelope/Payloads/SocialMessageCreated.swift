/// A message that somebody wrote, on whatever provider.
public struct SocialMessageCreated: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialMessageCreated"

  /// The id of the message, the same for every copy of the event.
  public var messageID: String
  /// The conversation inside the space.
  public var threadID: String?
  /// Who wrote it.
  public var authorURN: URN
  /// Where it was written: a channel, a community, a forum.
  public var spaceURN: URN
  /// The id of the message it answers.
  public var inReplyTo: String?
  /// What it says.
  public var text: String?
  /// The files that belong to it.
  public var attachments: [Attachment]?
  /// When it was written, by the provider's clock.
  public var createdAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates a message with what every message has; the rest is nil.
  public init(
    messageID: String,
    authorURN: URN,
    spaceURN: URN,
    text: String? = nil,
    createdAt: Timestamp,
    provider: String,
    tenant: String
  ) {
    self.messageID = messageID
    self.authorURN = authorURN
    self.spaceURN = spaceURN
    self.text = text
    self.createdAt = createdAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates a message from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    messageID = try reader.identifier("message_id")
    threadID = try reader.identifier(ifPresent: "thread_id")
    authorURN = try reader.urn("author_urn")
    spaceURN = try reader.urn("space_urn")
    inReplyTo = try reader.identifier(ifPresent: "in_reply_to")
    text = try reader.string(ifPresent: "text")
    attachments = try reader.list("attachments", Attachment.init(json:path:))
    createdAt = try reader.time("created_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The message as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("message_id", messageID)
    object.set("thread_id", threadID)
    object.set("author_urn", authorURN)
    object.set("space_urn", spaceURN)
    object.set("in_reply_to", inReplyTo)
    object.set("text", text)
    object["attachments"] = attachments.map { .array($0.map(\.json)) }
    object.set("created_at", createdAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
