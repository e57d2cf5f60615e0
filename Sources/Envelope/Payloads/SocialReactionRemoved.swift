/// Reactions that are no longer there: one, all of a kind, or all of a message, on whatever provider.
public struct SocialReactionRemoved: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialReactionRemoved"

  /// The id of the message, as when it was created.
  public var messageID: String
  /// The conversation inside the space.
  public var threadID: String?
  /// Whose reactions are gone; nil: everybody's.
  public var authorURN: URN?
  /// Where the message was written.
  public var spaceURN: URN
  /// Which reaction is gone, as when it was added; nil: each.
  public var reaction: String?
  /// When it was removed, by the provider's clock if that tells.
  public var deletedAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates a removal with what every removal has; the rest is nil.
  public init(
    messageID: String,
    spaceURN: URN,
    deletedAt: Timestamp,
    provider: String,
    tenant: String
  ) {
    self.messageID = messageID
    self.spaceURN = spaceURN
    self.deletedAt = deletedAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates a removal from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    messageID = try reader.identifier("message_id")
    threadID = try reader.identifier(ifPresent: "thread_id")
    authorURN = try reader.urn(ifPresent: "author_urn")
    spaceURN = try reader.urn("space_urn")
    reaction = try reader.identifier(ifPresent: "reaction")
    deletedAt = try reader.time("deleted_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The removal as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("message_id", messageID)
    object.set("thread_id", threadID)
    object.set("author_urn", authorURN)
    object.set("space_urn", spaceURN)
    object.set("reaction", reaction)
    object.set("deleted_at", deletedAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
