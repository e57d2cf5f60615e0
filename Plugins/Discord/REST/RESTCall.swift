internal import PluginKit
internal import ProviderKit

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
  /// Whether it goes only when nothing else may, as what is fetched of the past does.
  var isPatient = false
  /// Who asks, for fairness: the `src` of the envelope, or the plugin's id for its own needs.
  var requester: String
  /// When nobody waits for the answer any more, in nanoseconds since 1970.
  var deadline: Int64
}

/// Performs calls within all limits of Discord's: waits for its turn, retries what may be retried.
@PluginActor
protocol RESTCalling: AnyObject {
  /// Any status is an answer, also 4xx; 429 and 5xx only when retrying was of no use.
  func perform(_ call: RESTCall) async throws(RESTFailure) -> RESTAnswer
}
