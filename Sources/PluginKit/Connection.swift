internal import Glibc

/// A connected socket that the host has made: the only kind there is in the sandbox.
///
/// It is nonblocking, and closed with this value unless it is handed on.
public struct Connection: ~Copyable {
  /// The socket, which stays this value's.
  public let descriptor: Int32

  /// What a connection is made over.
  public enum Network: Int32, Sendable {
    case tcp = 0
    case udp = 1
  }

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Hands the socket to somebody who closes it, such as libcurl.
  public consuming func release() -> Int32 {
    let descriptor = descriptor
    discard self
    return descriptor
  }
}
