package import Channel
internal import Glibc

/// Why a runner could not be spawned or spoken to.
package enum RunnerError: Error, Equatable, CustomStringConvertible {
  /// A system call failed: what was done, and `errno`.
  case system(String, Int32)
  /// No channel to a runner could be made.
  case channel(ChannelError)
  /// The runner has closed its end: it is gone or about to be.
  case closed
  /// A control message that is shorter than its head or longer than WIRE_CONTROL_MAX.
  case malformed(Int)
  /// A set-up of so many bytes, over what a control message holds.
  case setupTooLarge(Int, limit: Int)
  /// It could not be put into its control group.
  case group(String)

  package var description: String {
    switch self {
    case .system(let what, let code): "\(what): \(unsafe String(cString: strerror(code)))"
    case .channel(let error): "a runner's channel: \(error)"
    case .group(let why): why
    case .closed: "the runner has hung up"
    case .malformed(let size): "the runner sent a control message of \(size) bytes, which is none"
    case .setupTooLarge(let size, let limit):
      "a runner's set-up, configuration and paths included, is \(size) bytes, expected at most \(limit)"
    }
  }
}
