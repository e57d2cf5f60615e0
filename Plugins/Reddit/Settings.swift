internal import PluginKit
internal import ProviderKit

/// What the operator has configured for all of the plugin, read and checked once.
struct Settings: Sendable {
  var rest = RESTSettings()
  var streams: StreamSettings
  var allow: AllowList
  /// Which calls of others are allowed; empty: all.
  var allowedCalls: [RESTPattern]
  /// How many comments one wish may become.
  var partsMax: Int
  /// The file of the authorities that servers' certificates are checked against.
  var authorities: String
  /// How many requests are under way at once, by the tenant's `rate`.
  var requestsAtOnce: Int

  /// Reads the configuration, and what the operator lets the tenant do.
  init(_ config: Config, _ binding: Binding) throws {
    rest.userAgent = try config.string("user_agent", default: "")
    guard rest.userAgent.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw ProviderError("config.user_agent: expected printable ASCII, found something else")
    }
    rest.baseURL = try config.baseURL("api", default: rest.baseURL)
    rest.tokenURL = try config.baseURL("token_url", default: rest.tokenURL)
    rest.perMinute = try config.int("requests_per_minute", default: rest.perMinute, in: 1...10_000)
    requestsAtOnce = try binding.rate.int("max_concurrent", default: HTTPTransfers.atOnce, in: 1...256)
    allowedCalls = try (binding.grants("provider.rest.call") ?? []).map {
      try RESTPattern($0, methods: RESTCall.methods, like: "/r/*")
    }
    streams = try StreamSettings(config, allowed: binding.allow["subreddits"] ?? [])
    if binding.grants("provider.gateway.connect") == nil { (streams.paths, streams.readsInbox) = ([], false) }
    allow = AllowList(binding.allow["subreddits"])
    partsMax = try config.int("parts_max", default: 4, in: 1...32)
    authorities = try config.authorities()
  }
}
