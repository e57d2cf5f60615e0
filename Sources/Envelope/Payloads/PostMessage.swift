/// The wish to write a message, on whatever provider.
public struct PostMessage: CanonicalPayload {
  /// The intent of an envelope that bears it.
  public static let intent = "PostMessage"

  /// The longest `idempotencyKey`, in bytes: with a name before it, it fits an envelope's field.
  public static let idempotencyKeyMax = 256

  /// A file to send along: one that has a name already, or one at a URL.
  public struct Attachment: Sendable, Hashable {
    /// The attachment's name.
    public var urn: URN?
    /// The place where it can be fetched.
    public var url: String?
    /// The media type.
    public var contentType: String?

    /// Creates an attachment.
    public init(urn: URN? = nil, url: String? = nil, contentType: String? = nil) {
      (self.urn, self.url, self.contentType) = (urn, url, contentType)
    }

    init(json: JSON, path: String) throws(PayloadError) {
      let reader = try PayloadReader(json, path: path)
      urn = try reader.urn(ifPresent: "urn")
      url = try reader.identifier(ifPresent: "url")
      contentType = try reader.string(ifPresent: "content_type")
      guard urn != nil || url != nil else {
        throw PayloadError(key: path, expected: "urn or url", found: "neither")
      }
    }

    var json: JSON {
      var object = JSONObject()
      object.set("urn", urn)
      object.set("url", url)
      object.set("content_type", contentType)
      return .object(object)
    }
  }

  /// The provider.
  public var provider: String
  /// The tenant that is to write.
  public var tenant: String
  /// Where to write.
  public var spaceURN: URN
  /// The id of the message to answer.
  public var inReplyTo: String?
  /// What to say.
  public var text: String
  /// The files to send along.
  public var attachments: [Attachment]?
  /// What makes it the same wish however often it is sent: of those of one sender that have the same, one is performed;
  /// at most `idempotencyKeyMax` bytes.
  public var idempotencyKey: String?
  /// What only that provider understands.
  public var providerPayload: JSON?

  /// Creates a wish.
  public init(provider: String, tenant: String, spaceURN: URN, inReplyTo: String? = nil, text: String) {
    self.provider = provider
    self.tenant = tenant
    self.spaceURN = spaceURN
    self.inReplyTo = inReplyTo
    self.text = text
  }

  /// Creates a wish from JSON.
  public init(json: JSON) throws(PayloadError) {
    let reader = try PayloadReader(json)
    provider = try reader.name("provider")
    tenant = try reader.name("tenant")
    spaceURN = try reader.urn("space_urn")
    inReplyTo = try reader.identifier(ifPresent: "in_reply_to")
    text = try reader.string("text")
    attachments = try reader.list("attachments", Attachment.init(json:path:))
    idempotencyKey = try reader.identifier(ifPresent: "idempotency_key")
    guard idempotencyKey?.utf8.count ?? 0 <= Self.idempotencyKeyMax else {
      let expected = "at most \(Self.idempotencyKeyMax) bytes"
      throw PayloadError(key: "idempotency_key", expected: expected, found: "\(idempotencyKey?.utf8.count ?? 0)")
    }
    providerPayload = reader.any(ifPresent: "provider_payload")
  }

  /// Reads the wish that an envelope bears, for whoever performs it.
  ///
  /// The space is the one that the host has allowed, which stands in the envelope's `resource`; a payload that names
  /// another is refused. Only the operator's own tools send none.
  public init(_ envelope: Envelope) throws {
    try self.init(json: JSON.parse(envelope.payload))
    guard envelope.resource.isEmpty || spaceURN.description == envelope.resource else {
      throw PayloadError(key: "space_urn", expected: envelope.resource, found: spaceURN.description)
    }
  }

  /// The wish to answer a message where it was said.
  public init(answering message: SocialMessageCreated, text: String) {
    self.init(
      provider: message.provider,
      tenant: message.tenant,
      spaceURN: message.spaceURN,
      inReplyTo: message.messageID,
      text: text
    )
  }

  /// The wish as JSON.
  public var json: JSON {
    var object = JSONObject()
    object.set("provider", provider)
    object.set("tenant", tenant)
    object.set("space_urn", spaceURN)
    object.set("in_reply_to", inReplyTo)
    object.set("text", text)
    object["attachments"] = attachments.map { .array($0.map(\.json)) }
    object.set("idempotency_key", idempotencyKey)
    object["provider_payload"] = providerPayload
    return .object(object)
  }
}
