import Glibc
import TestSupport

/// As much of HTTP as it takes to see a page of the host's.
enum HTTP {
  /// The answer, head and all.
  static func get(_ path: String, port: UInt16) throws -> [UInt8] {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) == 0 }
    }
    guard isConnected else { throw ChildProcess.Failure(description: "nobody listens on port \(port)") }
    let request = Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)
    _ = unsafe write(descriptor, request, request.count)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe read(descriptor, &buffer, buffer.count), count > 0 { answer += buffer[..<count] }
    return answer
  }
}
