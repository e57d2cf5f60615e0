internal import CURL
internal import PluginKit

/// Why a request was not done; the words are the answer.
///
/// They name scheme, host and port and never the rest of a URL, in which there may be a secret.
struct FetchError: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }

  /// What went wrong under way, with what was expected.
  init(_ error: CURLError, of order: FetchOrder, authorities: String) {
    let expected: String? =
      switch error.kind {
      case .certificate: "a certificate for \(order.url.host), valid now, of an authority in \(authorities)"
      case .encryption: "TLS 1.2 or later"
      case .timeout: "an answer in time"
      case .connection: "an answer to the end"
      case .tooLarge where error.code != 0: "a body of at most \(order.limit) bytes"
      case .malformed: "an answer by the rules of HTTP"
      case .tooLarge, .headTooLarge, .needsConnection, .cancelled, .other: nil
      }
    let found = expected.map { "expected \($0), found: \(error)" } ?? "\(error)"
    self.init("\(order.place): \(found)")
  }
}
