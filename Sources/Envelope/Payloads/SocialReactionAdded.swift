/// A reaction that somebody added to a message, on whatever provider.
public struct SocialReactionAdded: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialReactionAdded"

  /// The id of the message, as when it was created.
  public var messageID: String
  /// The conversation inside the space.
  public var threadID: String?
  /// Who reacted.
  public var authorURN: URN
  /// Where the message was written.
  public var spaceURN: URN
  /// The reaction: an emoji, or the provider's name for one of its own.
  public var reaction: String
  /// When it was added, by the provider's clock if that tells.
  public var createdAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates a reaction with what every reaction has; the rest is nil.
  public init(
    messageID: String,
    authorURN: URN,
    spaceURN: URN,
    reaction: String,
    createdAt: Timestamp,
    provider: String,
    tenant: String
  ) {
    self.messageID = messageID
    self.authorURN = authorURN
    self.spaceURN = spaceURN
    self.reaction = reaction
    self.createdAt = createdAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates a reaction from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    messageID = try reader.identifier("message_id")
    threadID = try reader.identifier(ifPresent: "thread_id")
    authorURN = try reader.urn("author_urn")
    spaceURN = try reader.urn("space_urn")
    reaction = try reader.identifier("reaction")
    createdAt = try reader.time("created_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The reaction as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("message_id", messageID)
    object.set("thread_id", threadID)
    object.set("author_urn", authorURN)
    object.set("space_urn", spaceURN)
    object.set("reaction", reaction)
    object.set("created_at", createdAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
