internal import PluginKit

/// The one tenant of `echo` that an instance speaks for, and how its messages look to everybody else.
struct Account: CustomStringConvertible {
  let provider: String
  let tenant: String

  /// The account, provided that the instance is bound to one of the provider's.
  init(provider: String, tenant: String) throws {
    guard provider == "echo", !tenant.isEmpty else {
      let found = tenant.isEmpty ? "none" : "\(provider)/\(tenant)"
      throw Rejection("echo: expected to be bound to one tenant of echo, found \(found)")
    }
    (self.provider, self.tenant) = (provider, tenant)
  }

  var description: String { "\(provider)/\(tenant)" }

  /// A line of the provider's as a canonical message.
  func message(_ line: EchoLine) throws(PayloadError) -> SocialMessageCreated {
    var message = SocialMessageCreated(
      messageID: line.id,
      authorURN: try urn("user", line.author, key: "author"),
      spaceURN: try urn("space", line.space, key: "space"),
      text: line.text,
      createdAt: line.createdAt,
      provider: provider,
      tenant: tenant
    )
    message.threadID = line.thread
    message.inReplyTo = line.inReplyTo
    message.providerPayload = line.raw
    return try fitting(message)
  }

  /// A post as the message that it becomes; the same post is the same message, however often it is performed.
  func message(_ wish: PostMessage, id: String, at time: Timestamp) throws(PayloadError) -> SocialMessageCreated {
    try check("provider", wish.provider, is: provider)
    try check("tenant", wish.tenant, is: tenant)
    try check("space_urn", "\(wish.spaceURN.provider)/\(wish.spaceURN.tenant)", is: description)
    var message = SocialMessageCreated(
      messageID: id,
      authorURN: try urn("user", "echo", key: "author"),
      spaceURN: wish.spaceURN,
      text: wish.text,
      createdAt: time,
      provider: provider,
      tenant: tenant
    )
    message.inReplyTo = wish.inReplyTo
    message.providerPayload = wish.providerPayload
    return try fitting(message)
  }

  private func urn(_ kind: String, _ id: String, key: String) throws(PayloadError) -> URN {
    do {
      return try URN(provider: provider, kind: kind, tenant: tenant, id: id)
    } catch {
      throw PayloadError(key: key, expected: "what can stand in a URN", found: "\(error)")
    }
  }

  private func check(_ key: String, _ found: String, is expected: String) throws(PayloadError) {
    guard found == expected else { throw PayloadError(key: key, expected: expected, found: found) }
  }

  private func fitting(_ message: SocialMessageCreated) throws(PayloadError) -> SocialMessageCreated {
    let size = message.json.bytes().count
    guard size <= Envelope.payloadMax else {
      throw PayloadError(key: "", expected: "a message of at most \(Envelope.payloadMax) bytes", found: "\(size)")
    }
    return message
  }
}
