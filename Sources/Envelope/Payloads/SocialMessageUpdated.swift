/// A message that was edited: what it now is, as far as the provider tells.
public struct SocialMessageUpdated: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialMessageUpdated"

  /// The id of the message, as when it was created.
  public var messageID: String
  /// The conversation inside the space.
  public var threadID: String?
  /// Who wrote it.
  public var authorURN: URN?
  /// Where it was written.
  public var spaceURN: URN
  /// The id of the message it answers.
  public var inReplyTo: String?
  /// What it says now; nil: as before.
  public var text: String?
  /// The files that belong to it now; nil: as before.
  public var attachments: [Attachment]?
  /// When it was written.
  public var createdAt: Timestamp?
  /// When it was edited, by the provider's clock.
  public var editedAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates an edit with what every edit has; the rest is nil.
  public init(
    messageID: String,
    spaceURN: URN,
    text: String? = nil,
    editedAt: Timestamp,
    provider: String,
    tenant: String
  ) {
    self.messageID = messageID
    self.spaceURN = spaceURN
    self.text = text
    self.editedAt = editedAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates an edit from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    messageID = try reader.identifier("message_id")
    threadID = try reader.identifier(ifPresent: "thread_id")
    authorURN = try reader.urn(ifPresent: "author_urn")
    spaceURN = try reader.urn("space_urn")
    inReplyTo = try reader.identifier(ifPresent: "in_reply_to")
    text = try reader.string(ifPresent: "text")
    attachments = try reader.list("attachments", Attachment.init(json:path:))
    createdAt = try reader.time(ifPresent: "created_at")
    editedAt = try reader.time("edited_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The edit as JSON.
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
    object.set("edited_at", editedAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
