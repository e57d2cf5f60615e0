/// Somebody who is writing, on whatever provider.
///
/// It is of worth for some seconds only, and goes where nothing is recorded.
public struct SocialTyping: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "SocialTyping"

  /// The conversation inside the space.
  public var threadID: String?
  /// Who is writing.
  public var authorURN: URN
  /// Where the message is going to be.
  public var spaceURN: URN
  /// When it was told, by the provider's clock if that tells.
  public var startedAt: Timestamp
  /// The provider.
  public var provider: String
  /// The tenant.
  public var tenant: String
  /// The provider's own event, for what only that provider has.
  public var providerPayload: JSON?

  /// Creates an announcement with what every announcement has; the rest is nil.
  public init(
    authorURN: URN,
    spaceURN: URN,
    startedAt: Timestamp,
    provider: String,
    tenant: String
  ) {
    self.authorURN = authorURN
    self.spaceURN = spaceURN
    self.startedAt = startedAt
    self.provider = provider
    self.tenant = tenant
  }

  /// Creates an announcement from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    threadID = try reader.identifier(ifPresent: "thread_id")
    authorURN = try reader.urn("author_urn")
    spaceURN = try reader.urn("space_urn")
    startedAt = try reader.time("started_at")
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// The announcement as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("thread_id", threadID)
    object.set("author_urn", authorURN)
    object.set("space_urn", spaceURN)
    object.set("started_at", startedAt)
    object.set("provider", provider)
    object.set("tenant", tenant)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
