public import PluginKit

/// The provider `echo`: what is sent to it comes in as messages, and what is posted to it comes back as one.
///
/// It has no network, and so shows a whole access plugin in little: it normalises the provider's messages, publishes
/// them under ids that derive from the provider's, performs posts, and hands its session over to the next generation.
@PluginActor
public final class Echo: Plugin, HandingOver {
  /// The id in the manifest.
  public nonisolated static let id = "echo"
  /// The version of a session.
  public nonisolated static let stateVersion = Session.version

  private let context: Context
  private let account: Account
  private var session = Session()

  /// Binds the instance to its tenant.
  public init(context: Context) throws {
    self.context = context
    account = try Account(provider: context.provider, tenant: context.tenant)
  }

  /// Takes in a message, or performs a post.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let topic = try Topic(envelope.topic)
    guard topic.provider == account.provider, topic.tenant == account.tenant else {
      throw Rejection("topic: expected one of \(account), found \(topic.provider)/\(topic.tenant)")
    }
    switch "\(topic.area).\(topic.name)" {
    case "control.send": return try await takeIn(envelope)
    case "social.PostMessage": return try await post(envelope)
    default: throw Rejection("topic: expected control.send or social.PostMessage, found \(topic.area).\(topic.name)")
    }
  }

  private func takeIn(_ envelope: Envelope) async throws -> Response {
    let message: SocialMessageCreated
    do {
      message = try account.message(EchoLine(json: JSON.parse(envelope.payload)))
    } catch {
      throw Rejection("\(error)")
    }
    let sequence = try await publish(message)
    return Response(
      json: ["status": "accepted", "id": .string(message.messageID), "sequence": .int(sequence)]
    )
  }

  private func post(_ envelope: Envelope) async throws -> Response {
    let message: SocialMessageCreated
    do {
      let wish = try PostMessage(envelope)
      let key = wish.idempotencyKey.map { "\(envelope.src):\($0)" } ?? envelope.id
      message = try account.message(wish, id: "post-\(key)", at: Timestamp(nanoseconds: envelope.ts))
    } catch {
      throw Rejection("\(error)")
    }
    context.log.info("posted", ["message_id": .string(message.messageID), "text": .string(message.text ?? "")])
    let sequence = try await publish(message)
    return Response(json: ["message_id": .string(message.messageID), "sequence": .int(sequence)])
  }

  /// Gives its session to the next generation.
  public func giveState() throws -> [UInt8] { session.bytes }

  /// Goes on with the session of an earlier generation.
  public func takeState(_ state: [UInt8], version: UInt32) throws { session = try Session(state) }

  /// Publishes a message under an id of its own, so that every copy of it is one, and returns its number once it is recorded.
  private func publish(_ message: SocialMessageCreated) async throws -> Int64 {
    var envelope = Envelope(
      topic: try Topic(
        provider: account.provider,
        tenant: account.tenant,
        area: "events",
        name: SocialMessageCreated.intent
      ).description,
      intent: SocialMessageCreated.intent,
      payload: message.json.bytes()
    )
    envelope.id = "echo:\(account.tenant):\(SocialMessageCreated.intent):\(message.messageID)"
    envelope.key = message.spaceURN.description
    try await context.publish(envelope)
    return session.next()
  }
}
