internal import CLinux
internal import Glibc
internal import Testing

/// Sockets of the test's that anybody may come to.
final class Listeners {
  let path: String
  private let abstract: String
  private let sockets: [Int32]

  /// Makes them; the one with a path beside a directory, since a path of a socket's may not be long.
  init(beside directory: String) throws {
    path = "/tmp/promethean-zoo-\(directory.suffix(12))"
    abstract = "promethean-zoo-\(directory.suffix(12))"
    let seqpacket = Int32(SOCK_SEQPACKET.rawValue)
    sockets = [
      socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0),
      socket(AF_UNIX, seqpacket, 0), socket(AF_UNIX, seqpacket, 0),
    ]
    for socket in sockets { try #require(fcntl(socket, F_SETFD, FD_CLOEXEC) == 0) }
    for socket in sockets[..<2] { try Self.bindToLoopback(socket) }
    try Self.bind(sockets[2], to: Array(path.utf8))
    try Self.bind(sockets[3], to: [0] + Array(abstract.utf8))
    try #require(unsafe chmod(path, 0o777) == 0)
    // Fast Open has to be asked for, and the second is of datagrams.
    var length: Int32 = 16
    unsafe setsockopt(sockets[0], Int32(IPPROTO_TCP), TCP_FASTOPEN, &length, socklen_t(MemoryLayout<Int32>.size))
    for index in [0, 2, 3] { try #require(listen(sockets[index], 16) == 0) }
  }

  deinit {
    for socket in sockets { close(socket) }
    unsafe unlink(path)
  }

  var facts: [String: String] {
    ["tcp": String(port(sockets[0])), "udp": String(port(sockets[1])), "unix": path, "abstract": abstract]
  }

  /// Whether anybody came.
  var hasVisitor: Bool {
    sockets.contains { socket in
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&waiting, 1, 0) == 1
    }
  }

  private func port(_ socket: Int32) -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &size) }
    }
    return code == 0 ? UInt16(bigEndian: address.sin_port) : 0
  }

  private static func bindToLoopback(_ socket: Int32) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = unsafe withUnsafePointer(to: address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(code == 0)
  }

  private static func bind(_ socket: Int32, to name: [UInt8]) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let code = unsafe withUnsafePointer(to: address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(socket, $0, size) }
    }
    try #require(code == 0)
  }
}
