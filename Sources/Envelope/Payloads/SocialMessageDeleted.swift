/// A message that is no longer there.
public struct SocialMessageDeleted: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialMessageDeleted"

  /// The id of the message, as when it was created.
  public var messageID: String
  /// Where it was written.
  public var spaceURN: URN
  /// When it was deleted, by the provider's clock.
  public var deletedAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates a deletion.
  public init(messageID: String, spaceURN: URN, deletedAt: Timestamp, provider: String, tenant: String) {
    self.messageID = messageID
    self.spaceURN = spaceURN
    self.deletedAt = deletedAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates a deletion from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    messageID = try reader.identifier("message_id")
    spaceURN = try reader.urn("space_urn")
    deletedAt = try reader.time("deleted_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The deletion as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("message_id", messageID)
    object.set("space_urn", spaceURN)
    object.set("deleted_at", deletedAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
