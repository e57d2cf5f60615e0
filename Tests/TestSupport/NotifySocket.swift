internal import CLinux
internal import Glibc

/// The socket of a service manager, and what a program says on it.
package final class NotifySocket {
  /// As it stands in NOTIFY_SOCKET.
  package let address: String
  private let descriptor: Int32

  /// Why there is none.
  package struct Failure: Error {
    package let code: Int32
  }

  /// Listens at a path, or at a name behind an `@`.
  package init(_ address: String) throws {
    self.address = address
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    let name = Array(address.utf8)
    unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: name) }
    if address.hasPrefix("@") { place.sun_path.0 = 0 }
    let size = MemoryLayout<sa_family_t>.size + name.count + (address.hasPrefix("@") ? 0 : 1)
    let isBound = unsafe withUnsafePointer(to: &place) { place in
      unsafe place.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(size)) == 0
      }
    }
    guard isBound else { throw Failure(code: errno) }
  }

  deinit { Self.close(descriptor) }

  private static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

  /// The next message; nil if none comes within that many milliseconds.
  package func next(milliseconds: Int32 = 60_000) -> String? {
    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&wait, 1, milliseconds) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The messages up to one, itself included; all there were if it does not come.
  package func messages(upTo last: String) -> [String] {
    var messages: [String] = []
    while let message = next() {
      messages.append(message)
      if message == last { break }
    }
    return messages
  }

  /// What has come and was not read.
  package func pending() -> [String] {
    var messages: [String] = []
    while let message = next(milliseconds: 0) { messages.append(message) }
    return messages
  }
}
