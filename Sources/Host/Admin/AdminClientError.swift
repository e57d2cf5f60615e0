/// Why a request over the admin socket came to nothing.
package enum AdminClientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nobody listens on the socket: no host runs there.
  case noHost(path: String)
  /// The system refused the socket or the connection, as when it belongs to another user.
  case unreachable(path: String, reason: String)
  /// The host ended the connection, or went away.
  case closed
  /// The host answered with an error; the code is one of the protocol's words.
  case refused(code: String, message: String)
  /// The host sent what is no answer.
  case invalid(String)
  /// A request is longer than the host reads.
  case tooLong(bytes: Int)
  /// The descriptor in `AdminClient.watched` lost its reader, so that nobody is left to tell.
  case abandoned

  package var description: String {
    switch self {
    case .noHost(let path): "no host listens on \(path)"
    case .unreachable(let path, let reason): "cannot reach the host on \(path): \(reason)"
    case .closed: "the host closed the connection"
    case .refused(let code, let message): "\(code): \(message)"
    case .invalid(let what): "the host sent what is no answer: \(what)"
    case .tooLong(let bytes): "the request has \(bytes) bytes, at most \(AdminClient.lineMax) are read"
    case .abandoned: "nobody reads the output"
    }
  }
}
