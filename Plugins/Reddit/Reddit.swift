public import PluginKit
internal import ProviderKit

/// The access plugin for Reddit: one instance is one app, and the account that it acts for.
///
/// Listings are read again and again (`Streams`), and what is new in them becomes events (`Normaliser`); what is asked of
/// the API goes through one client, which keeps to the limit (`RESTClient`): posts (`Poster`), calls of others
/// (`RESTProxy`), and its own. Access tokens come and go by themselves (`Authorizer`).
@PluginActor
public final class RedditPlugin: Plugin, HandingOver, HealthReporting {
  /// The id in the manifest.
  public nonisolated static let id = "reddit"
  /// The version of what one generation gives to the next, which is nothing: all of it is in the host's state.
  public nonisolated static let stateVersion: UInt32 = 1

  private let context: Context
  private let settings: Settings
  private var transfers: HTTPTransfers?
  private var parts: Parts?

  /// Reads the configuration, and what the operator lets the tenant do.
  public init(context: Context) throws {
    self.context = context
    settings = try Settings(context.config, context.binding)
  }

  /// Makes all parts, and begins to read.
  ///
  /// It does not wait for Reddit: `health` tells how that is.
  public func start() async throws {
    let transfers = try HTTPTransfers(
      context: context,
      authorities: settings.authorities,
      atOnce: settings.requestsAtOnce
    )
    let parts = Parts(context: context, settings: settings, http: transfers)
    self.transfers = transfers
    self.parts = parts
    try await parts.start()
  }

  /// Performs a post or a call.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard let parts else { throw HostError(.unavailable, "the instance has not started") }
    let topic = try Topic(envelope.topic)
    switch (topic.area, topic.name) {
    case ("social", PostMessage.intent): return try await parts.poster.post(envelope)
    case ("rest", "request"): return try await parts.proxy.handle(envelope)
    default:
      throw Rejection("topic: expected social.PostMessage or rest.request, found \(topic.area).\(topic.name)")
    }
  }

  /// Tries the new credentials at once.
  public func secretsChanged() async { parts?.authorizer.secretsChanged() }

  /// Whether Reddit takes the credentials, and lets all be read that is to be.
  public var health: Health {
    guard let parts else { return .unwell("it has not started") }
    if let refusal = parts.authorizer.refusal { return .unwell(refusal) }
    if !parts.missing.isEmpty {
      let scopes = parts.missing.joined(separator: " ")
      return .unwell("the token lacks the scopes \(scopes): make a refresh token that has them")
    }
    return parts.streams.problem.map { .unwell($0) } ?? .well
  }

  /// Reads no more; what was seen is in the host's state.
  public func giveState() throws -> [UInt8] {
    parts?.streams.stop()
    return JSON.object([:]).bytes()
  }

  /// Takes nothing: the host's state has it.
  public func takeState(_ state: [UInt8], version: UInt32) throws {}

  /// Reads again.
  public func resume() { parts?.streams.start() }

  /// Ends all that is under way.
  public func stop() async {
    parts?.stop()
    transfers?.stop()
    (parts, transfers) = (nil, nil)
  }
}
