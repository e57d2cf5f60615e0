internal import CLinux
internal import Glibc

/// A listening TCP socket on 127.0.0.1.
struct LoopbackSocket {
  /// Connections that may wait to be accepted.
  private static let backlog: CInt = 64

  let descriptor: CInt
  let port: UInt16

  /// Opens one, on any free port for port 0.
  ///
  /// The descriptor is the caller's to close.
  static func listen(port: UInt16) throws(TelemetryError) -> LoopbackSocket {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TelemetryError("http: cannot open a socket", errno: errno) }
    // A port that was closed a moment ago, with connections still winding down, can be had at once.
    var reuse: CInt = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<CInt>.size))
    guard let bound = bind(descriptor, to: port), Glibc.listen(descriptor, backlog) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EADDRINUSE else { throw TelemetryError("http: cannot listen on 127.0.0.1:\(port)", errno: code) }
      throw TelemetryError(
        "http: 127.0.0.1:\(port) is taken by another process; stop it, or give another port (0: any that is free)"
      )
    }
    return LoopbackSocket(descriptor: descriptor, port: bound)
  }

  /// Binds a socket and says to which port; nil, and errno, if it cannot.
  private static func bind(_ descriptor: CInt, to port: UInt16) -> UInt16? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = unsafe withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
      return unsafe Glibc.bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
    }
    return done ? UInt16(bigEndian: address.sin_port) : nil
  }
}
