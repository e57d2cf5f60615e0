import Envelope
import Foundation
import Glibc
import Host

/// A host's admin socket without a host: one connection, answered by a closure on a thread of its own.
final class FakeHost: Sendable {
  /// The other end of the connection, for the closure that answers.
  struct Connection: Sendable {
    let descriptor: Int32

    func write(_ text: String) {
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = unsafe bytes.withUnsafeBytes {
          unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
      }
    }

    func reply(_ request: JSON, _ kind: String, _ value: JSON) {
      let line: JSON = .object(JSONObject([("id", request["id"] ?? .null), (kind, value)]))
      write(line.text + "\n")
    }

    func ok(_ request: JSON, _ value: JSON = [:]) { reply(request, "ok", value) }

    func item(_ request: JSON, _ value: JSON) { reply(request, "item", value) }

    func error(_ request: JSON, _ code: String, _ message: String) {
      reply(request, "error", ["code": .string(code), "message": .string(message)])
    }
  }

  /// What the connection does with each request; false ends it.
  typealias Answer = @Sendable (JSON, Connection) -> Bool

  /// The socket that is listened on, closed when neither the thread nor the host has it any more: its number is another's
  /// from then on.
  private final class Listener: Sendable {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)

    deinit { close(descriptor) }
  }

  let directory: TemporaryDirectory
  private let listener = Listener()

  var socketPath: String { AdminClient.socketPath(directory: directory.path) }
  var deployment: String { directory.path + "/plugins.yml" }

  init(_ answer: @escaping Answer) throws {
    directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path + "/var/run", withIntermediateDirectories: true)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(socketPath.utf8) + [0]
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(listener.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener.descriptor, 1) == 0 else { throw POSIXError(.EADDRINUSE) }
    Thread.detachNewThread { [listener] in Self.serve(listener, answer) }
  }

  // It ends the wait of the thread.
  deinit { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

  private static func serve(_ listener: Listener, _ answer: Answer) {
    let descriptor = accept(listener.descriptor, nil, nil)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let connection = Connection(descriptor: descriptor)
    var bytes: [UInt8] = []
    while true {
      while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
        guard let request = try? JSON.parse(bytes[..<end]), answer(request, connection) else { return }
        bytes.removeFirst(end + 1)
      }
      var chunk = [UInt8](repeating: 0, count: 64 << 10)
      let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      bytes += chunk[..<count]
    }
  }
}
