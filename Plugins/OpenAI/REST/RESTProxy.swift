internal import PluginKit
internal import ProviderKit

/// Answers `control.request`: calls of the API, within what the operator allows.
@PluginActor
struct RESTProxy {
  /// How much earlier than the request's deadline a call ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000

  let tenant: String
  let allowed: [RESTPattern]
  let rest: RESTClient

  /// Makes the call that a request asks for.
  ///
  /// - Throws: What is wrong with the request, or why it has no answer. An error of the server's is an answer.
  func handle(_ envelope: Envelope) async throws -> Response {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let order = try RESTOrder(envelope, of: tenant, methods: RESTCall.methods, like: RESTCall.example)
    let deadline = envelope.deadline > 0 ? envelope.deadline - Self.margin : 0
    let call = try RESTCall(order.method, order.path, body: order.body, deadline: deadline)
    try allowed.check(call.method, call.path.path, named: call.name)
    let (answer, credential) = try await rest.perform(call)
    var extras: JSONObject = [:]
    if let problem = APIProblem(answer, redacted: { credential.redacted($0) }) {
      extras["ok"] = false
      extras["error"] = ["code": .string(problem.code), "message": .string(problem.message)]
      if let hint = problem.hint { extras["hint"] = .string(hint) }
    }
    let reply = RESTReply(
      answer.isText ? answer : RESTAnswer(status: answer.status, headers: answer.headers),
      of: tenant,
      retryAfter: answer.status == 429 ? answer.retryAfter ?? 0 : 0,
      extras: extras,
      json: { credential.redacted(call.wantsPackedVectors ? VectorPacking.packed($0) : $0) },
      text: { credential.redacted($0) }
    )
    // None of these calls changes anything.
    return try reply.response(isWrite: false) { size in
      ProviderError(
        "\(call.name): expected an answer of at most \(RESTReply.sizeMax) bytes, as fits an envelope, found \(size): ask "
          + "for less at once, and for vectors with \"encoding_format\": \"base64\""
      )
    }
  }
}

extension RESTAnswer {
  /// Whether the body can be looked through for the key; nothing that is called answers with anything else.
  fileprivate var isText: Bool { String(validating: body, as: UTF8.self) != nil }
}
