internal import PluginKit

/// One request of Discord's REST API, below `/api/v10`.
struct RESTCall: Sendable {
  /// In upper case.
  var method: String
  /// The path, such as `/channels/1/messages`, with what needs escaping escaped, and the query if there is one.
  var path: String
  /// The body; empty: none.
  var body: [UInt8] = []
  /// The media type of the body.
  var contentType = "application/json"
  /// What the audit log of the guild is to say, `X-Audit-Log-Reason`; not yet escaped.
  var reason: String?
  /// Whether the token goes with it; webhooks and interactions have tokens of their own in the path.
  var isAuthorized = true
  /// Whether sending it twice does what sending it once does: GET, PUT, DELETE, or a POST with an enforced nonce.
  var isRepeatable = false
  /// Who asks, for fairness: the `src` of the envelope, or the plugin's id for its own needs.
  var requester: String
  /// When nobody waits for the answer any more, in nanoseconds since 1970.
  var deadline: Int64
}

/// What the API answered.
struct RESTAnswer: Sendable {
  var status: Int
  /// The fields of the head; names in lower case.
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  /// The first field of a name in lower case.
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Why there is no answer, or none that is of use.
enum RESTFailure: Error, Hashable, CustomStringConvertible {
  /// Not sent, or sent in vain: the deadline would pass, or has passed, first.
  case deadline(String)
  /// Too many calls of this requester wait already.
  case queueFull(String)
  /// Nothing is sent for now or for good: the token is refused, the breaker is open, a webhook is gone.
  case refused(String)
  /// It may or may not have been done: the connection broke after it was sent, and it must not be sent twice.
  case unknown(String)
  /// The API cannot be reached.
  case unreachable(String)
  /// The caller has cancelled it.
  case cancelled

  var description: String {
    switch self {
    case .deadline(let text), .queueFull(let text), .refused(let text), .unknown(let text), .unreachable(let text): text
    case .cancelled: "cancelled"
    }
  }
}

/// Performs calls within all limits of Discord's: waits for its turn, retries what may be retried.
@PluginActor
protocol RESTCalling: AnyObject {
  /// Any status is an answer, also 4xx; 429 and 5xx only when retrying was of no use.
  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer
}

/// Sends one request over a connection and returns what comes back; knows nothing of limits.
@PluginActor
protocol HTTPSending: AnyObject {
  /// - Throws: `.unreachable` if it was not sent, `.unknown` if it may have been, `.deadline`, `.cancelled`.
  func send(_ request: HTTPRequest, until deadline: Int64) async throws(RESTFailure) -> RESTAnswer
}

/// A request as it goes over the wire.
struct HTTPRequest: Sendable {
  var method: String
  /// The whole URL.
  var url: String
  var headers: [(name: String, value: String)]
  var body: [UInt8]
}
