internal import PluginKit
internal import ProviderKit

/// Answers `rest.request`: any call of Reddit's API, within what the operator allows, and orders of history.
@PluginActor
final class RESTProxy {
  /// How much earlier than the request's deadline a call ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000

  private let account: Account
  private let allowed: [RESTPattern]
  private let rest: any RESTCalling
  private let history: HistoryProxy?

  init(account: Account, allowed: [RESTPattern], rest: any RESTCalling, history: HistoryProxy? = nil) {
    (self.account, self.allowed, self.rest, self.history) = (account, allowed, rest, history)
  }

  /// Makes the call that a request asks for.
  ///
  /// - Throws: What is wrong with the request, or why it has no answer. An error of Reddit's is an answer.
  func handle(_ envelope: Envelope) async throws -> Response {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    if let response = try await history?.answer(envelope) { return response }
    let order = try RESTOrder(envelope, of: account.tenant, methods: RESTCall.methods, like: RESTCall.example)
    let deadline = envelope.deadline > 0 ? envelope.deadline - Self.margin : 0
    let call = try RESTCall(
      order.method,
      order.path,
      body: order.body,
      requester: envelope.src,
      deadline: deadline
    )
    try allowed.check(call.method, call.path.path, named: call.name)
    let answer = try await rest.perform(call)
    var extras: JSONObject = [:]
    if let problem = RedditProblem(answer) {
      extras["ok"] = false
      extras["error"] = [
        "code": .string(problem.code), "message": .string(problem.message), "field": .string(problem.field),
      ]
      if let hint = problem.hint { extras["hint"] = .string(hint) }
    }
    let retryAfter = answer.retryAfter ?? RedditProblem(answer)?.wait ?? 0
    let reply = RESTReply(answer, of: account.tenant, retryAfter: retryAfter, extras: extras)
    return try reply.response(isWrite: call.method != "GET") { Self.tooLarge(call, $0) }
  }

  private static func tooLarge(_ call: RESTCall, _ size: Int) -> ProviderError {
    let limit = call.path.query.split(separator: "&").first { $0.hasPrefix("limit=") }
      .flatMap { Int($0.dropFirst("limit=".count)) }
    /// What Reddit lists where nobody says how much, and at most.
    let (usual, most) = (25, 100)
    let advice = max(1, min(max(limit ?? usual, 1), most) * RESTReply.sizeMax / (size * 5 / 4))
    return ProviderError(
      "\(call.name): expected an answer of at most \(RESTReply.sizeMax) bytes, as fits an envelope, found \(size): ask "
        + "for it in pages, with limit=\(advice) and, from the second on, after= what the page before says"
    )
  }
}
