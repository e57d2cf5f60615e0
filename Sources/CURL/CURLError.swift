internal import CCURL

/// Why a transfer failed, in libcurl's words where it has some.
package struct CURLError: Error, Hashable, CustomStringConvertible {
  /// What can be done about it.
  package enum Kind: Sendable, Hashable {
    /// The connection broke, or was closed before all had come.
    case connection
    /// The certificate is not of the host, not valid now, or of nobody who is trusted.
    case certificate
    /// No encrypted connection came about: no version or cipher in common.
    case encryption
    /// It took too long.
    case timeout
    /// The body is larger than it may be.
    case tooLarge
    /// The head is larger than it may be.
    case headTooLarge
    /// What came is no answer by the rules of HTTP.
    case malformed
    /// Nothing was sent: no connection was idle, and no new one was given.
    case needsConnection
    /// It was ended by whoever had begun it.
    case cancelled
    /// Anything else: a mistake in the calling code.
    case other
  }

  package let kind: Kind
  /// The number of libcurl, such as 60, CURLE_PEER_FAILED_VERIFICATION; 0 if it had no part in it.
  package let code: UInt32
  package let message: String
  /// Whether the request may have reached the other side, and whatever it asks for may have been done.
  package var isSent = false

  package var description: String { code == 0 ? message : "\(message) (libcurl \(code))" }

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    code = 0
    self.message = message
  }

  init(_ code: CURLcode, message: String) {
    kind = Kind(code)
    self.code = code.rawValue
    self.message = message.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : message
  }
}

extension CURLError.Kind {
  init(_ code: CURLcode) {
    switch code {
    case CURLE_OPERATION_TIMEDOUT: self = .timeout
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR: self = .certificate
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED: self = .encryption
    case CURLE_FILESIZE_EXCEEDED: self = .tooLarge
    case CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
      self = .connection
    case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL: self = .malformed
    default: self = .other
    }
  }
}
