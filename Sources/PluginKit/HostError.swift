internal import PluginABI

/// Why the host did not do what a plugin asked for.
public struct HostError: Error, Hashable, CustomStringConvertible {
  /// What went wrong, by its kind.
  public enum Kind: String, Sendable {
    /// It was tried and did not work, or whoever serves it answered with an error.
    case failed
    /// The plugin's grants do not allow it.
    case denied
    /// What was sent is malformed or too large.
    case invalid
    /// The deadline passed; the effect may or may not have happened.
    case timeout
    /// Nobody serves it.
    case unavailable
    /// There is no such thing.
    case notFound = "not found"
    /// The task was cancelled, or the instance is stopping; what was begun may or may not have happened.
    case cancelled
    /// Another version is there than was expected.
    case conflict
  }

  /// What went wrong, by its kind.
  public let kind: Kind
  /// What was asked for and why it failed, for people.
  public let message: String

  /// The kind and the message in one line.
  public var description: String { "\(message) (\(kind.rawValue))" }

  /// An error of a kind, saying why.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

extension HostError.Kind {
  /// The kind that a status stands for; one that this SDK does not know is a failure.
  init(_ status: promethean_status) {
    self =
      switch status {
      case PROMETHEAN_DENIED: .denied
      case PROMETHEAN_INVALID: .invalid
      case PROMETHEAN_TIMEOUT: .timeout
      case PROMETHEAN_UNAVAILABLE: .unavailable
      case PROMETHEAN_NOT_FOUND: .notFound
      case PROMETHEAN_CANCELLED: .cancelled
      case PROMETHEAN_CONFLICT: .conflict
      default: .failed
      }
  }
}
