internal import Glibc

/// Why a channel does not work.
package enum ChannelError: Error, Equatable, CustomStringConvertible {
  /// A system call failed: its name and `errno`.
  case system(String, Int32)
  /// The peer's indices or a frame's length cannot be.
  case corrupt
  /// A body of so many bytes, over ``Channel/bodyLimit``.
  case tooLarge(Int)

  package var description: String {
    switch self {
    case .system(let call, let code): "\(call): \(unsafe String(cString: strerror(code)))"
    case .corrupt: "the runner's ring holds indices or lengths that cannot be"
    case .tooLarge(let size): "a frame of \(size) bytes, expected at most \(Channel.bodyLimit)"
    }
  }
}
