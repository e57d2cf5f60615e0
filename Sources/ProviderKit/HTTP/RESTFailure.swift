/// Why there is no answer of an API, or none that is of use.
public enum RESTFailure: Error, Hashable, CustomStringConvertible {
  /// Not sent, or sent in vain: the deadline would pass, or has passed, first.
  case deadline(String)
  /// Too many calls of this requester wait already.
  case queueFull(String)
  /// Nothing is sent for now or for good: the credential is refused, or there is nobody to ask.
  case refused(String)
  /// It may or may not have been done: the connection broke after it was sent, and it must not be sent twice.
  case unknown(String)
  /// The API cannot be reached.
  case unreachable(String)
  /// The caller has cancelled it.
  case cancelled

  /// The reason, for people.
  public var description: String {
    switch self {
    case .deadline(let text), .queueFull(let text), .refused(let text), .unknown(let text), .unreachable(let text): text
    case .cancelled: "cancelled"
    }
  }

  /// Its kind in a word, for metrics.
  public var kind: String {
    switch self {
    case .deadline: "deadline"
    case .queueFull: "queue_full"
    case .refused: "refused"
    case .unknown: "unknown"
    case .unreachable: "unreachable"
    case .cancelled: "cancelled"
    }
  }
}
