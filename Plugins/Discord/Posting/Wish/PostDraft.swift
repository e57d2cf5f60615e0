internal import PluginKit
internal import ProviderKit

/// The messages that a wish becomes, before its files are there.
struct PostDraft {
  /// The content of each message; one without content if there is no text.
  let contents: [String]
  let reference: Snowflake?
  let payload: ProviderPayload
  /// What does not fit `contents`, to go along as a file.
  let rest: String
  let losses: [Loss]

  /// The name of the file that takes what does not fit.
  static let restName = "rest.txt"

  init(_ wish: PostMessage, _ settings: PostSettings) {
    payload = ProviderPayload(wish.providerPayload, mentions: settings.mentions)
    let text = TextSplitter(wish.text, partsMax: settings.partsMax)
    contents = text.parts.isEmpty ? [""] : text.parts.map(\.text)
    rest = text.rest
    reference = wish.inReplyTo.flatMap { Snowflake($0) }
    var losses = payload.losses
    if let answered = wish.inReplyTo, reference == nil {
      losses.append(
        Loss("in_reply_to", "expected the id of a message, found \"\(answered.prefix(40))\": posted as no reply")
      )
    }
    if !rest.isEmpty {
      let reason = "longer than \(settings.partsMax) messages: the rest is attached as \(Self.restName)"
      losses.append(Loss("text", reason))
    }
    self.losses = losses
  }

  /// Reads what an envelope wishes, and where: in a channel of the account's.
  static func read(_ envelope: Envelope, for account: Account) throws(Rejection) -> (PostMessage, Snowflake) {
    let wish: PostMessage
    do {
      wish = try PostMessage(envelope)
    } catch {
      throw Rejection("\(error)")
    }
    let found = Account(provider: wish.provider, tenant: wish.tenant)
    guard found == account else { throw Rejection("provider, tenant: expected \(account), found \(found)") }
    let space = wish.spaceURN
    guard space.provider == account.provider, space.tenant == account.tenant, space.kind == "channel",
      let channel = Snowflake(space.id)
    else {
      throw Rejection("space_urn: expected urn:\(account.provider):channel:\(account.tenant):<id>, found \(space)")
    }
    return (wish, channel)
  }

  /// Whether there is nothing to say but files.
  var isEmpty: Bool { contents == [""] && !payload.isContent }

  /// The fields of one message.
  func message(_ part: Int, nonce: String, files: [PostFile], isReply: Bool) -> JSONObject {
    var message: JSONObject = ["nonce": .string(nonce), "enforce_nonce": true]
    for (key, value) in payload.every { message[key] = value }
    if !contents[part].isEmpty { message["content"] = .string(contents[part]) }
    if part == 0, isReply, let reference {
      message["message_reference"] = ["message_id": .string(reference.description), "fail_if_not_exists": false]
    }
    guard part == contents.count - 1 else { return message }
    for (key, value) in payload.last { message[key] = value }
    if !files.isEmpty {
      message["attachments"] = .array(
        files.enumerated().map { ["id": .string("\($0.offset)"), "filename": .string($0.element.name)] }
      )
    }
    return message
  }
}
