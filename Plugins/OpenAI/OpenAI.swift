public import PluginKit
internal import ProviderKit

/// The access plugin for models behind an API as OpenAI's is: one instance is one server, and the key to it.
///
/// It is asked on `control.request`, which no journal records, since what a model is given are texts of everybody's.
///
/// It brings nothing of its own: it makes the calls that others ask for (`RESTProxy`), with the key that they never see,
/// and tries again what passes (`RESTClient`).
@PluginActor
public final class OpenAIPlugin: Plugin, HealthReporting {
  /// The id in the manifest.
  public nonisolated static let id = "openai"

  private let context: Context
  private let settings: Settings
  private var parts: (transfers: HTTPTransfers, client: RESTClient, proxy: RESTProxy)?

  /// Reads the configuration, and what the operator lets the tenant do.
  public init(context: Context) throws {
    self.context = context
    settings = try Settings(context.config, context.binding, tenant: context.tenant)
  }

  /// Makes all parts; it calls nobody until it is asked to.
  public func start() async throws {
    let transfers = try HTTPTransfers(
      context: context,
      authorities: settings.authorities,
      atOnce: settings.requestsAtOnce
    )
    let client = RESTClient(context: context, api: settings.api, http: transfers)
    let proxy = RESTProxy(tenant: context.tenant, allowed: settings.allowedCalls, rest: client)
    parts = (transfers, client, proxy)
  }

  /// Makes a call that somebody asks for.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard let proxy = parts?.proxy else { throw HostError(.unavailable, "the instance has not started") }
    let topic = try Topic(envelope.topic)
    guard (topic.area, topic.name) == ("control", "request") else {
      throw Rejection("topic: expected control.request, found \(topic.area).\(topic.name)")
    }
    return try await proxy.handle(envelope)
  }

  /// Tries the new key at once.
  public func secretsChanged() async { parts?.client.secretsChanged() }

  /// Whether the server takes the key and answers.
  public var health: Health { parts?.client.problem.map { .unwell($0) } ?? .well }

  /// Ends what is under way.
  public func stop() async {
    parts?.transfers.stop()
    parts = nil
  }
}
