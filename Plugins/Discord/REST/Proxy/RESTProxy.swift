internal import PluginKit

/// Answers `rest.request`: any call of Discord's API, within what the operator allows.
@PluginActor
final class RESTProxy {
  struct Settings: Sendable {
    /// Which calls are allowed; empty: all.
    var allowed: [RoutePattern] = []
    /// Whether answers keep the tokens in them.
    var showsTokens = false
  }

  /// The largest payload of an envelope, in bytes.
  static let answerMax = 64 << 10
  /// How much earlier than the request's deadline a call ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000

  private let account: Account
  private let settings: Settings
  private let clock: Clock
  private let rest: any RESTCalling

  init(account: Account, settings: Settings, clock: Clock, rest: any RESTCalling) {
    self.account = account
    self.settings = settings
    self.clock = clock
    self.rest = rest
  }

  /// Makes the call that a request asks for.
  ///
  /// - Throws: What is wrong with the request, or why it has no answer. An error of Discord's is an answer.
  func handle(_ envelope: Envelope) async throws -> Response {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let order = try ProxyOrder(envelope, of: account, now: clock.now.nanoseconds / 1_000_000)
    try check(order.route)
    var call = order.call
    if call.deadline > 0 { call.deadline -= Self.margin }
    let answer = try await rest.perform(call)
    return try response(to: order, answer)
  }

  private func check(_ route: Route) throws(DiscordError) {
    let allowed = settings.allowed
    guard allowed.isEmpty || allowed.contains(where: { $0.matches(route) }) else {
      let patterns = allowed.map { "\"\($0)\"" }.joined(separator: ", ")
      throw DiscordError(
        "path: expected a call that provider.rest.call allows (\(patterns)), found \(route.name): the operator grants it "
          + "to the instance in plugins.yml"
      )
    }
  }

  // MARK: - Answering

  private func response(to order: ProxyOrder, _ answer: RESTAnswer) throws(DiscordError) -> Response {
    var fields: JSONObject = [
      "tenant": .string(account.tenant), "status": .int(Int64(answer.status)),
      "ok": .bool((200..<300).contains(answer.status)), "bucket": .string(answer.header("x-ratelimit-bucket") ?? ""),
      "retry_after_ms": .int((Limited(answer)?.retryAfter ?? 0) / 1_000_000),
    ]
    if let hint = Hints.hint(for: answer, to: order.route) { fields["hint"] = .string(hint) }
    let head = fields
    for (key, value) in content(of: answer) { fields[key] = value }
    let bytes = JSON.object(fields).bytes()
    if bytes.count <= Self.answerMax { return Response(payload: bytes, contentType: "") }
    guard order.route.isWrite else { throw Self.tooLarge(order, bytes.count) }
    // It has been done: an error would have it done again.
    fields = head
    fields["data"] = .null
    fields["omitted_bytes"] = .int(Int64(answer.body.count))
    return Response(json: .object(fields))
  }

  /// The body as JSON, else as text, else in base64.
  private func content(of answer: RESTAnswer) -> JSONObject {
    if answer.body.isEmpty { return ["data": .null] }
    if let json = try? JSON.parse(answer.body) {
      return ["data": settings.showsTokens ? json : AnswerRedaction.redact(json)]
    }
    if let text = String(validating: answer.body, as: UTF8.self) {
      return ["text": .string(settings.showsTokens ? text : AnswerRedaction.redact(text))]
    }
    return ["base64": .string(Base64.encode(answer.body))]
  }

  private static func tooLarge(_ order: ProxyOrder, _ size: Int) -> DiscordError {
    let limit = order.route.path.query.split(separator: "&").first { $0.hasPrefix("limit=") }
      .flatMap { Int($0.dropFirst("limit=".count)) }
    /// What lists have by default and at most differs; this many of anything fit mostly.
    let advice = max(1, limit.map { $0 * answerMax / (size * 5 / 4) } ?? 25)
    return DiscordError(
      "\(order.route.name): expected an answer of at most \(answerMax) bytes, as fits an envelope, found \(size): ask for "
        + "it in pages, with limit=\(advice) and, from the second on, before= or after= the last id of the one before"
    )
  }
}
