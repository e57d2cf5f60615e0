internal import PluginKit
internal import ProviderKit

/// What the operator has configured for all of the plugin, read and checked once.
struct Settings: Sendable {
  var gateway: GatewaySettings
  var rest: RESTSettings
  var proxy: RESTProxy.Settings
  var post: PostSettings
  var allow: AllowList
  var rawEvents: RawEvents
  /// The file of the authorities that servers' certificates are checked against.
  var authorities: String
  /// How many requests are under way at once, by the tenant's `rate`.
  var requestsAtOnce: Int
  /// Whether there is to be a connection to the gateway at all: whether it is granted.
  var isConnecting: Bool

  /// Reads the configuration, and what the operator lets the tenant do.
  init(_ config: Config, _ binding: Binding) throws {
    gateway = try GatewaySettings(config)
    rest = RESTSettings()
    rest.baseURL = try config.baseURL("api", default: rest.baseURL)
    rest.rate = try config.int("requests_per_second", default: rest.rate, in: 1...10_000)
    requestsAtOnce = try binding.rate.int("max_concurrent", default: HTTPTransfers.atOnce, in: 1...256)
    proxy = RESTProxy.Settings()
    proxy.allowed = try (binding.grants("provider.rest.call") ?? []).map {
      try RESTPattern($0, methods: Route.methods, like: "/channels/*")
    }
    proxy.showsTokens = try config.bool("show_tokens", default: false)
    post = try PostSettings(config)
    allow = try AllowList(guilds: binding.allow["guilds"], channels: binding.allow["channels"])
    rawEvents = try RawEvents(config.strings("raw_events", default: ["*"]))
    authorities = try config.authorities()
    isConnecting = binding.grants("provider.gateway.connect") != nil
  }
}
