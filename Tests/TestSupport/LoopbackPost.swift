package import Envelope
internal import Foundation
internal import Glibc

/// As much of an HTTP client as it takes to speak to a server of the tests' own.
package enum LoopbackPost {
  /// Posts a JSON document and returns the one that is answered, however long that takes.
  package static func json(_ path: String, _ body: JSON, port: UInt16) async throws -> JSON {
    // An answer may be waited for as long as a test takes.
    try await blocking { try exchange(path, body.bytes(), port: port) }
  }

  private static func exchange(_ path: String, _ body: [UInt8], port: UInt16) throws -> JSON {
    guard let descriptor = LoopbackListener.connect(to: port), fcntl(descriptor, F_SETFL, 0) == 0 else {
      throw PythonServer.Failure(description: "/\(path): nobody listens on port \(port)")
    }
    defer { LoopbackListener.close(descriptor) }
    let head = "POST /\(path) HTTP/1.1\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
    var left = (Array(head.utf8) + body)[...]
    while !left.isEmpty {
      let count = unsafe left.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { break }
      left = left.dropFirst(count)
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe read(descriptor, &buffer, buffer.count), count > 0 { answer += buffer[..<count] }
    guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw PythonServer.Failure(description: "/\(path): the server broke off")
    }
    let text = String(decoding: answer[end.upperBound...], as: UTF8.self)
    guard answer.starts(with: Array("HTTP/1.1 200".utf8)) else {
      throw PythonServer.Failure(description: "/\(path): \(text)")
    }
    return try JSON.parse(text)
  }
}
