internal import CLinux
internal import Glibc

/// Two connected descriptors: ours, nonblocking, and one for a process to be spawned.
struct DescriptorPair {
  let ours: Int32
  let theirs: Int32

  /// A SEQPACKET socket pair: messages keep their borders, and neither end can address anybody else.
  static func controlSocket() throws(RunnerError) -> DescriptorPair {
    try unsafe pair("socketpair") {
      unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, $0)
    }
  }

  /// A pipe of which we read.
  static func pipe() throws(RunnerError) -> DescriptorPair {
    try unsafe pair("pipe2") { unsafe linux_pipe($0) }
  }

  private static func pair(_ call: String, _ make: (UnsafeMutablePointer<Int32>) -> Int32) throws(RunnerError) -> Self {
    var ends: [Int32] = [-1, -1]
    guard unsafe make(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 else { throw .system(call, errno) }
    return Self(ours: ends[0], theirs: ends[1])
  }
}
