internal import PluginKit
internal import ProviderKit

/// What the operator has configured, read and checked once.
struct Settings: Sendable {
  /// Where the API is; no slash at the end.
  let api: String
  /// The file of the authorities that the server's certificate is checked against.
  let authorities: String
  /// Which calls of others are allowed; empty: all that there are.
  let allowedCalls: [RESTPattern]
  /// How many requests are under way at once, by the tenant's `rate`.
  let requestsAtOnce: Int

  init(_ config: Config, _ binding: Binding, tenant: String) throws {
    let own = try config.objects("servers", default: []).filter { try $0.string("tenant") == tenant }
    guard own.count <= 1 else {
      throw ProviderError("config.servers: expected each tenant once, found \(tenant) \(own.count) times")
    }
    api = try (own.first ?? config).baseURL("api", default: "https://api.openai.com/v1")
    authorities = try config.authorities()
    allowedCalls = try (binding.grants("provider.rest.call") ?? []).map {
      try RESTPattern($0, methods: RESTCall.methods, like: RESTCall.example)
    }
    requestsAtOnce = try binding.rate.int("max_concurrent", default: HTTPTransfers.atOnce, in: 1...256)
  }
}
