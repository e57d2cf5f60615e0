internal import PluginKit

/// A call that somebody asks the plugin to make, as the payload of a `rest.request` says it.
struct ProxyOrder: Sendable {
  private static let known = ["tenant", "method", "path", "url", "query", "body", "reason"]

  let call: RESTCall
  let route: Route

  /// Reads a request, at a time in milliseconds since 1970.
  init(_ envelope: Envelope, of account: Account, now: Int64) throws(DiscordError) {
    let payload = try Self.payload(envelope)
    if let key = payload.keys.first(where: { !Self.known.contains($0) }) {
      throw DiscordError("\(key.prefix(64)): unknown; known are \(Self.known.joined(separator: ", "))")
    }
    if let tenant = try Self.text("tenant", payload), tenant != account.tenant {
      throw DiscordError("tenant: expected \(account.tenant), found \(JSON.string(tenant).summary)")
    }
    guard let method = try Self.text("method", payload)?.uppercased() else {
      throw DiscordError("method: expected one of \(Route.methods.joined(separator: ", ")), found nothing")
    }
    let path = try Self.path(payload)
    let route: Route
    do throws(RESTFailure) {
      route = try Route(method: method, path: path, now: now)
    } catch {
      throw DiscordError("\(error)")
    }
    let body = try Self.body(payload, method)
    // Webhooks and interactions bear their tokens in the path.
    let isAuthorized = route.webhook == nil && !route.isExempt
    call = RESTCall(
      method: method,
      path: path,
      body: body?.bytes() ?? [],
      reason: try Self.text("reason", payload),
      isAuthorized: isAuthorized,
      isRepeatable: Self.isRepeatable(route, body),
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

  // MARK: - Reading

  private static func payload(_ envelope: Envelope) throws(DiscordError) -> JSONObject {
    let json: JSON
    do { json = try JSON.parse(envelope.payload) } catch { throw DiscordError("payload: \(error)") }
    guard let object = json.objectValue else {
      throw DiscordError("payload: expected object with method and path, found \(json.summary)")
    }
    return object
  }

  private static func text(_ key: String, _ payload: JSONObject) throws(DiscordError) -> String? {
    guard let json = payload[key], !json.isNull else { return nil }
    guard let text = json.stringValue else { throw DiscordError("\(key): expected string, found \(json.summary)") }
    return text
  }

  private static func path(_ payload: JSONObject) throws(DiscordError) -> String {
    let (path, url) = (try text("path", payload), try text("url", payload))
    guard path == nil || url == nil else { throw DiscordError("path: expected one of path and url, found both") }
    guard let path = path ?? url else {
      throw DiscordError("path: expected string such as \"/channels/1/messages\", found nothing")
    }
    guard let query = payload["query"], !query.isNull else { return path }
    guard let members = query.objectValue else {
      throw DiscordError("query: expected object, found \(query.summary)")
    }
    var pairs: [String] = []
    for (key, value) in members {
      for value in value.arrayValue ?? [value] {
        guard let text = Self.plain(value) else {
          throw DiscordError("query.\(key.prefix(64)): expected string, number or boolean, found \(value.summary)")
        }
        pairs.append("\(Self.escaped(key))=\(Self.escaped(text))")
      }
    }
    return pairs.isEmpty ? path : path + (path.contains("?") ? "&" : "?") + pairs.joined(separator: "&")
  }

  private static func plain(_ json: JSON) -> String? {
    switch json {
    case .string(let text): text
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .bool(let value): "\(value)"
    default: nil
    }
  }

  private static func escaped(_ text: String) -> String {
    PercentEncoding.encode(text.utf8, keeping: PercentEncoding.inQueryValue)
  }

  private static func body(_ payload: JSONObject, _ method: String) throws(DiscordError) -> JSON? {
    guard let body = payload["body"], !body.isNull else { return nil }
    guard method != "GET" else { throw DiscordError("body: expected none with GET, found \(body.summary)") }
    guard body.objectValue != nil || body.arrayValue != nil else {
      throw DiscordError("body: expected object or array, found \(body.summary)")
    }
    return body
  }
}
