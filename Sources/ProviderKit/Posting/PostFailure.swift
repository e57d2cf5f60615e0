internal import PluginKit

/// Why a message is not posted, by what is to become of the wish.
public enum PostFailure: Error, Hashable {
  /// It will never be: to the dead letters.
  case never(String)
  /// It waits for what is not there now, and counts no attempt.
  case later(String)
  /// It is tried again, a few times.
  case again(String)
  /// The instance stops.
  case cancelled

  /// What becomes of a wish whose call has no answer.
  public init(_ failure: RESTFailure) {
    switch failure {
    case .queueFull(let text), .refused(let text), .unreachable(let text): self = .later(text)
    case .deadline(let text), .unknown(let text): self = .again(text)
    case .cancelled: self = .cancelled
    }
  }

  /// The error that a handler throws for it, with what is out already before its words.
  public func error(_ out: String = "") -> any Error {
    switch self {
    case .never(let text): Rejection(out + text)
    case .later(let text): HostError(.unavailable, out + text)
    case .again(let text): ProviderError(out + text)
    case .cancelled: CancellationError()
    }
  }
}
