internal import PluginKit
internal import ProviderKit

/// A call of Discord's API that somebody asks the plugin to make.
struct ProxyOrder: Sendable {
  let call: RESTCall
  let route: Route

  /// Reads a request, at a time in milliseconds since 1970.
  init(_ envelope: Envelope, of account: Account, now: Int64) throws {
    let order = try RESTOrder(
      envelope,
      of: account.tenant,
      methods: Route.methods,
      like: Route.example,
      extras: ["reason"]
    )
    let route = try Route(method: order.method, path: order.path, now: now)
    // Webhooks and interactions bear their tokens in the path.
    let isAuthorized = route.webhook == nil && !route.isExempt
    call = RESTCall(
      method: order.method,
      path: order.path,
      body: order.body?.bytes() ?? [],
      reason: order.extras["reason"],
      isAuthorized: isAuthorized,
      isRepeatable: Self.isRepeatable(route, order.body),
      requester: envelope.src,
      deadline: envelope.deadline
    )
    self.route = route
  }

  /// Whether sending it twice does what sending it once does.
  static func isRepeatable(_ route: Route, _ body: JSON?) -> Bool {
    switch route.method {
    case "GET", "PUT", "DELETE": true
    case "POST" where route.template == "/channels/{id}/messages":
      body?["enforce_nonce"]?.boolValue == true && body?["nonce"].map { !$0.isNull } ?? false
    default: false
    }
  }
}
