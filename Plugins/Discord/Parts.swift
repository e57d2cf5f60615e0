internal import PluginKit
internal import ProviderKit

/// What an instance is made of, and how that hangs together.
@PluginActor
final class Parts {
  let rest: RESTClient
  let proxy: RESTProxy
  let poster: Poster
  let gateway: Gateway
  private let intake: Intake
  private let transfers: HTTPTransfers
  private let link: CURLGatewayLink

  init(context: Context, account: Account, settings: Settings) throws {
    // A copy is made whenever it is sent, and lives as long as that takes.
    let token: @PluginActor () throws(HostError) -> String = { () throws(HostError) -> String in
      try context.secrets.text(DiscordPlugin.token)
    }
    transfers = try HTTPTransfers(
      context: context,
      authorities: settings.authorities,
      atOnce: settings.requestsAtOnce
    )
    link = try CURLGatewayLink(context: context, authorities: settings.authorities)
    let metrics = HostRESTMetrics(context.metrics)
    let rest = RESTClient(context: context, settings: settings.rest, http: transfers, metrics: metrics, token: token)
    self.rest = rest
    let seen = Seen()
    let normaliser = Normaliser(
      account: account,
      allow: settings.allow,
      raw: settings.rawEvents,
      configRev: context.configRev
    )
    let intake = Intake(
      context: context,
      normaliser: normaliser,
      channels: ChannelLookup(context: context, rest: rest),
      saw: { seen.gateway?.saw(channel: $0, message: $1) },
      found: { seen.gateway?.found(channel: $0, last: $1) }
    )
    self.intake = intake
    let archive = ChannelArchive(account: account, intake: intake, rest: rest, allowed: settings.proxy.allowed)
    proxy = RESTProxy(
      account: account,
      settings: settings.proxy,
      clock: context.clock,
      rest: rest,
      history: HistoryProxy(provider: account.provider, tenant: account.tenant, source: archive)
    )
    gateway = Gateway(
      context: context,
      account: account,
      settings: settings.gateway,
      link: link,
      rest: rest,
      sink: intake,
      token: token,
      recovered: { channel, messages in try await intake.recover(messages, of: channel) }
    )
    poster = Poster(
      context: context,
      account: account,
      rest: rest,
      settings: settings.post,
      isAllowed: { await intake.allows(postingTo: $0) },
      hint: { Hints.hintForPosting(RESTAnswer(status: $0, body: $1)) }
    )
    seen.gateway = gateway
  }

  /// Reads what an earlier process has kept, and connects.
  func start(connecting: Bool) async throws {
    await rest.start()
    try await poster.start()
    if connecting { await gateway.start() }
  }

  /// Ends all connections and threads.
  func stop() async {
    // What cannot be recorded must not hold this up until the process is killed.
    intake.close()
    await gateway.stop()
    await rest.stop()
    transfers.stop()
    link.stop()
  }

  /// Where the gateway is put once it is made, for the intake, which is made before.
  @PluginActor
  private final class Seen {
    weak var gateway: Gateway?
  }
}
