internal import CLinux
package import Envelope
internal import Glibc

/// What a client on the admin socket asks for.
package struct AdminRequest: Sendable {
  /// Where the answers go.
  package let address: AdminAddress
  /// What is to be done: `status`, `request`, ….
  package let operation: String
  /// The whole request.
  package let body: JSONObject
}

/// A request of one connection: where its answers go.
package struct AdminAddress: Sendable, Hashable {
  let connection: UInt64
  /// What the client calls the request.
  let request: Int64
}

/// What the host says to a client.
package enum AdminAnswer: Sendable {
  /// One of several things that were asked for; it waits for the client, so whoever has many asks for room between.
  case item(JSON)
  /// One of several things that are happening; dropped, and counted, if the client is too slow.
  case live(JSON)
  /// The end.
  case ok(JSON)
  /// The end, in failure.
  case error(code: String, message: String)

  var isLast: Bool {
    switch self {
    case .item, .live: false
    case .ok, .error: true
    }
  }
}

/// The admin socket: the only way into the host from outside, and open to its user alone.
///
/// One thread serves all connections: it reads lines of JSON, hands them to the host's loop, and writes what the loop
/// answers. So the loop neither parses what people type nor waits for their terminals.
package final class AdminServer: Sendable {
  /// What the loop hears.
  package enum Event: Sendable {
    case request(AdminRequest)
    /// The client has taken most of what it was sent, as somebody asked to be told.
    case room(AdminAddress)
    /// Nobody hears the answers of this connection any more.
    case closed(connection: UInt64)
  }

  enum Command: Sendable {
    /// The answer is made on the server's thread, for making JSON takes longer than routing an envelope.
    case answer(AdminAddress, @Sendable () -> AdminAnswer)
    /// Tell when the client has room for more.
    case awaitRoom(AdminAddress)
    case stop
  }

  /// Requests of one connection that may be open, before no more are read.
  static let openRequestsLimit = 256
  /// Answers that wait to be made, before what is tapped is only counted: making JSON is slower than routing.
  static let backlogLimit = 1024
  /// Connections at once: each may cost some MiB.
  static let connectionsLimit = 64
  /// The longest request, in bytes.
  static let lineLimit = 256 << 10
  /// Bytes of answers that may wait for a client before what is live is dropped.
  static let pendingLimit = 4 << 20

  private let path: String
  private let commands = Mailbox<Command>()
  private let thread: BackgroundThread

  /// Binds the socket and begins to serve it.
  ///
  /// - Parameters:
  ///   - path: Where the socket lies; one that nobody listens on any more is replaced.
  ///   - onEvent: Hears of requests, on the server's thread.
  /// - Throws: `HostError` when the socket cannot be made.
  package init(path: String, onEvent: @escaping @Sendable (Event) -> Void) throws {
    self.path = path
    let listener = try Self.listen(at: path)
    let commands = self.commands
    thread = try BackgroundThread("admin") {
      var loop = AdminLoop(listener: listener, commands: commands, onEvent: onEvent)
      loop.run()
    }
  }

  /// Answers a request.
  ///
  /// Any thread.
  package func answer(_ address: AdminAddress, _ answer: @autoclosure @escaping @Sendable () -> AdminAnswer) {
    commands.post(.answer(address, answer))
  }

  /// Asks to be told, once, when the client of a request has taken most of what it was sent.
  ///
  /// Any thread.
  func awaitRoom(_ address: AdminAddress) {
    commands.post(.awaitRoom(address))
  }

  /// How many answers wait to be made.
  var backlog: Int { commands.count }

  /// Writes what is left to write, closes everything and removes the socket.
  package func stop() {
    commands.post(.stop)
    thread.join()
    unsafe unlink(path)
  }

  private static func listen(at path: String) throws(HostError) -> Int32 {
    var address = sockaddr_un()
    let length = unsafe linux_unix_address(path, &address)
    guard length > 0 else {
      throw HostError(
        "admin socket \(path): the path is longer than the \(MemoryLayout.size(ofValue: address.sun_path) - 1) bytes of a socket's address"
      )
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw HostError(call: "socket", path: path) }
    // Whoever held the lock on the deployment is gone, or this host would not have come here; so a socket that is there
    // is dead.
    unsafe unlink(path)
    // The file that bind makes has what the socket has; the mask of the process would hold for what other threads make.
    fchmod(descriptor, 0o600)
    let isBound = unsafe withUnsafeBytes(of: &address) {
      guard let base = $0.baseAddress else { return false }
      return unsafe bind(descriptor, base.assumingMemoryBound(to: sockaddr.self), length) == 0
    }
    guard isBound, Glibc.listen(descriptor, 64) == 0 else {
      defer { close(descriptor) }
      throw HostError(call: "bind", path: path)
    }
    return descriptor
  }
}
