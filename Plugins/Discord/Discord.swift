public import PluginKit
internal import ProviderKit

/// The access plugin for Discord: one instance is one bot.
///
/// What the gateway tells becomes envelopes (`Gateway`, `Intake`, `Normaliser`); what is asked of the API goes through one
/// client, which keeps to all limits (`RESTClient`): posts (`Poster`), calls of others (`RESTProxy`), and its own.
@PluginActor
public final class DiscordPlugin: Plugin, HandingOver, HealthReporting {
  /// The id in the manifest.
  public nonisolated static let id = "discord"
  /// The version of the sessions that one generation gives to the next.
  public nonisolated static let stateVersion: UInt32 = 1

  /// The credential that is the bot's token.
  nonisolated static let token = "bot_token"

  private let context: Context
  private let account: Account
  private let settings: Settings
  private var parts: Parts?
  /// The sessions of the generation before.
  private var given: JSON?

  /// Reads the configuration, and what the operator lets the tenant do.
  public init(context: Context) throws {
    self.context = context
    account = Account(provider: context.provider, tenant: context.tenant)
    settings = try Settings(context.config, context.binding)
  }

  /// Makes all parts, and begins to connect.
  ///
  /// It does not wait for the gateway: posts and calls need none, and `health` tells how the gateway is.
  public func start() async throws {
    let parts = try Parts(context: context, account: account, settings: settings)
    self.parts = parts
    if let given { parts.gateway.take(given) }
    given = nil
    try await parts.start(connecting: settings.isConnecting)
  }

  /// Performs a post or a call, or shows the bot in another way.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard let parts else { throw HostError(.unavailable, "the instance has not started") }
    let topic = try Topic(envelope.topic)
    switch (topic.area, topic.name) {
    case ("social", PostMessage.intent): return try await parts.poster.post(envelope)
    case ("rest", "request"): return try await parts.proxy.handle(envelope)
    case ("control", "presence"): return try show(envelope, parts.gateway)
    default:
      throw Rejection(
        "topic: expected social.PostMessage, rest.request or control.presence, found \(topic.area).\(topic.name)"
      )
    }
  }

  private func show(_ envelope: Envelope, _ gateway: Gateway) throws -> Response {
    do {
      guard let payload = try JSON.parse(envelope.payload).objectValue else {
        throw ProviderError("payload: expected object, found something else")
      }
      try gateway.show(Presence(Config(payload)))
    } catch {
      throw Rejection("\(error)")
    }
    return Response(json: ["status": "shown"])
  }

  /// Tries the new token at once where the old one was refused.
  public func secretsChanged() async {
    parts?.rest.secretsChanged()
    parts?.gateway.secretsChanged()
  }

  /// How the gateway is, and whether the token is taken.
  public var health: Health {
    guard let parts else { return .unwell("it has not started") }
    // What the gateway says of a refused token is more than what a call can say.
    let gateway = settings.isConnecting ? parts.gateway.health.health(at: context.clock.now.nanoseconds) : .well
    if case .well = gateway, let refusal = parts.rest.refusal { return .unwell(refusal) }
    return gateway
  }

  /// Closes the connections, and gives their sessions for the next generation to go on with.
  public func giveState() throws -> [UInt8] { (parts?.gateway.give() ?? [:]).bytes() }

  /// Keeps the sessions of the generation before for `start`.
  public func takeState(_ state: [UInt8], version: UInt32) throws { given = try JSON.parse(state) }

  /// Connects again.
  public func resume() {
    if settings.isConnecting { parts?.gateway.resume() }
  }

  /// Ends all connections, but no session, when what has come is recorded.
  public func stop() async {
    await parts?.stop()
    parts = nil
  }
}
