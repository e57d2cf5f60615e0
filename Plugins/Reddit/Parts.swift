internal import PluginKit
internal import ProviderKit

/// What an instance is made of, and how that hangs together.
@PluginActor
final class Parts {
  let authorizer: Authorizer
  let rest: RESTClient
  let proxy: RESTProxy
  let poster: Poster
  let streams: Streams
  let intake: Intake
  private let credentials: Credentials
  /// Which scopes are missing; empty: none is known to be.
  private(set) var missing: [String] = []

  /// Hangs them together over what sends requests; `random` gives numbers from 0 to below 1.
  init(
    context: Context,
    settings: Settings,
    http: any HTTPSending,
    random: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
  ) {
    let account = Account(provider: context.provider, tenant: context.tenant)
    let credentials = Credentials(secrets: context.secrets)
    self.credentials = credentials
    authorizer = Authorizer(context: context, credentials: credentials, http: http, settings: settings.rest)
    let rest = RESTClient(
      context: context,
      settings: settings.rest,
      http: http,
      authorizer: authorizer,
      random: random
    )
    self.rest = rest
    let places = Places(rest: rest)
    let normaliser = Normaliser(account: account, allow: settings.allow, configRev: context.configRev)
    intake = Intake(context: context, normaliser: normaliser) { places.saw($0) }
    streams = Streams(
      context: context,
      rest: rest,
      intake: intake,
      settings: settings.streams,
      hasAccount: credentials.hasAccount
    )
    let archive = SubredditArchive(context: context, settings: settings, rest: rest, intake: intake, streams: streams)
    proxy = RESTProxy(
      account: account,
      allowed: settings.allowedCalls,
      rest: rest,
      history: HistoryProxy(provider: account.provider, tenant: account.tenant, source: archive)
    )
    poster = Poster(
      context: context,
      account: account,
      rest: rest,
      settings: settings,
      intake: intake,
      places: places,
      username: { credentials.username }
    )
    let needed = settings.streams.scopes(hasAccount: credentials.hasAccount)
    authorizer.onToken = { [weak self] scopes in
      guard let self else { return }
      missing = scopes.missing(of: needed)
      guard !missing.isEmpty else { return }
      context.log.error(
        "the token lacks scopes that the configuration needs",
        ["missing": .string(missing.joined(separator: " ")), "found": .string(scopes.description)]
      )
    }
  }

  /// Reads what an earlier process has kept, and begins to read.
  func start() async throws {
    // Without it nothing can be asked for, which is best told at once.
    _ = try credentials.clientID()
    try await poster.start()
    try await streams.load()
    streams.start()
  }

  /// Ends all that is under way.
  func stop() {
    // What cannot be recorded must not hold this up until the process is killed.
    intake.close()
    streams.stop()
  }
}
