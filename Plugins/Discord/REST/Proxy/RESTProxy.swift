internal import PluginKit
internal import ProviderKit

/// Answers `rest.request`: any call of Discord's API, within what the operator allows, and orders of history.
@PluginActor
final class RESTProxy {
  struct Settings: Sendable {
    /// Which calls are allowed; empty: all.
    var allowed: [RESTPattern] = []
    /// Whether answers keep the tokens in them.
    var showsTokens = false
  }

  /// How much earlier than the request's deadline a call ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000

  private let account: Account
  private let settings: Settings
  private let clock: Clock
  private let rest: any RESTCalling
  private let history: HistoryProxy?

  init(account: Account, settings: Settings, clock: Clock, rest: any RESTCalling, history: HistoryProxy? = nil) {
    self.account = account
    self.settings = settings
    self.clock = clock
    self.rest = rest
    self.history = history
  }

  /// Makes the call that a request asks for.
  ///
  /// - Throws: What is wrong with the request, or why it has no answer. An error of Discord's is an answer.
  func handle(_ envelope: Envelope) async throws -> Response {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    if let response = try await history?.answer(envelope) { return response }
    let order = try ProxyOrder(envelope, of: account, now: clock.now.nanoseconds / 1_000_000)
    let route = order.route
    try settings.allowed.check(route.method, route.path.path, named: route.name)
    var call = order.call
    if call.deadline > 0 { call.deadline -= Self.margin }
    let answer = try await rest.perform(call)
    var extras: JSONObject = ["bucket": .string(answer.header("x-ratelimit-bucket") ?? "")]
    if let hint = Hints.hint(for: answer, to: route) { extras["hint"] = .string(hint) }
    let reply = RESTReply(
      answer,
      of: account.tenant,
      retryAfter: Limited(answer)?.retryAfter ?? 0,
      extras: extras,
      json: { settings.showsTokens ? $0 : AnswerRedaction.redact($0) },
      text: { settings.showsTokens ? $0 : AnswerRedaction.redact($0) }
    )
    return try reply.response(isWrite: route.isWrite) { Self.tooLarge(route, $0) }
  }

  private static func tooLarge(_ route: Route, _ size: Int) -> ProviderError {
    let limit = route.path.query.split(separator: "&").first { $0.hasPrefix("limit=") }
      .flatMap { Int($0.dropFirst("limit=".count)) }
    /// What lists have by default and at most differs; this many of anything fit mostly.
    let advice = max(1, limit.map { $0 * RESTReply.sizeMax / (size * 5 / 4) } ?? 25)
    return ProviderError(
      "\(route.name): expected an answer of at most \(RESTReply.sizeMax) bytes, as fits an envelope, found \(size): ask "
        + "for it in pages, with limit=\(advice) and, from the second on, before= or after= the last id of the one before"
    )
  }
}
