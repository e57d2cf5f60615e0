internal import PluginKit

/// Why an endpoint gave no vectors.
struct EndpointFailure: Error, Hashable {
  /// What is known here of what went wrong.
  let reason: String
  /// The endpoint's own words; empty: none.
  var words = ""
  /// Whether it may be about one of the texts alone.
  var isOfText = false

  init(_ reason: String) {
    self.reason = reason
  }

  /// Reads an answer that says that something went wrong, as access plugins answer `control.request`.
  init(_ answer: JSON) {
    let status = answer["status"]?.intValue ?? 0
    reason = "\(status)" + (answer["hint"]?.stringValue.map { " (\($0))" } ?? "")
    words = answer["error"]?["message"]?.stringValue ?? ""
    // Bad Request, Content Too Large, Unprocessable Content.
    isOfText = [400, 413, 422].contains(status)
  }

  /// The same for those who may not read the endpoint's words.
  var withoutWords: Self {
    var failure = self
    failure.words = ""
    return failure
  }

  /// What is answered to who has asked for a vector.
  func error(_ endpoint: Endpoint) -> EmbedderError {
    let told = "model \(endpoint.model) of \(endpoint.tenant): \(reason)"
    return EmbedderError(words.isEmpty ? told : "\(told): \(words)", logged: told)
  }
}
