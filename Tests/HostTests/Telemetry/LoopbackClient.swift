import Glibc
import Testing

/// A TCP client that says exactly what it is told to.
final class LoopbackClient {
  private let descriptor: CInt

  /// Connects to a port of this machine; nil if nobody listens.
  init?(port: UInt16) {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    // A server that does not answer fails the test rather than hanging it.
    // Seconds and microseconds, as in a timeval, whose own module depends on what was compiled before.
    var patience = [10, 0]
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(2 * MemoryLayout<Int>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = unsafe withUnsafeBytes(of: &address) { bytes in
      unsafe connect(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
    }
    guard connected == 0 else { return nil }
  }

  deinit {
    close(descriptor)
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    let sent = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
    }
    #expect(sent == bytes.count)
  }

  /// Reads until the server closes the connection, or until the text ends as told.
  func receive(until end: String? = nil) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count <= 0 { break }
      bytes += buffer.prefix(count)
      if let end, String(decoding: bytes, as: UTF8.self).hasSuffix(end) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func ask(_ port: UInt16, _ request: String) throws -> String {
    let client = try #require(LoopbackClient(port: port))
    client.send(request)
    return client.receive()
  }

  static func get(_ port: UInt16, _ path: String, method: String = "GET", host: String = "127.0.0.1") throws -> String {
    try ask(port, "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
  }
}
