internal import CLinux
package import Envelope
internal import Glibc

/// A connection to a host's admin socket.
///
/// Requests may be sent without waiting for answers; the host works on 256 of a connection at a time and reads no
/// further meanwhile, which the client bears without coming to a stop. A client belongs to one thread at a time. Its
/// end closes the connection, which cancels what is open.
package final class AdminClient {
  /// One line of an answer, with the number of its request.
  package struct Event: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
      /// One of several results; the request goes on.
      case item(JSON)
      /// The end of a request that worked.
      case ok(JSON)
      /// The end of a request that did not, always `refused`.
      case error(AdminClientError)
    }

    package let request: Int64
    package let content: Content

    package init(request: Int64, content: Content) {
      self.request = request
      self.content = content
    }
  }

  /// The most bytes of a line, its end included.
  package static let lineMax = 256 << 10

  /// A descriptor whose losing its reader ends a wait with `abandoned`, such as a pipe that results are written to.
  package var watched: Int32?

  private let socket: Int32
  private var outgoing: [UInt8] = []
  private var incoming = LineBuffer(lineMax: AdminClient.lineMax)
  private var lastRequest: Int64 = 0
  /// What arrived for others while one request was waited for.
  private var stash: [Event] = []

  /// What is gathered of pipelined requests before it is written, in bytes.
  private static let outgoingMax = 64 << 10

  /// The socket of the host that runs a deployment.
  package static func socketPath(directory: String) -> String { "\(directory)/var/run/admin.sock" }

  /// Connects to the host that listens on a path.
  package init(path: String) throws(AdminClientError) {
    var address = sockaddr_un()
    let length = unsafe linux_unix_address(path, &address)
    guard length > 0 else {
      throw .unreachable(path: path, reason: "the path has \(path.utf8.count) bytes, a socket's at most 107")
    }
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw .unreachable(path: path, reason: Self.reason(errno)) }
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(socket, $0, length) }
    }
    guard result == 0 else {
      let code = errno
      // A socket file that nobody listens on is what a killed host leaves.
      let isAbsent = code == ENOENT || code == ECONNREFUSED || code == ENOTDIR
      throw isAbsent ? .noHost(path: path) : .unreachable(path: path, reason: Self.reason(code))
    }
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Sends a request and does not wait for its answer; `receive` or the next call writes it at the latest.
  ///
  /// - Returns: The number that the answer will bear.
  @discardableResult
  package func send(_ operation: String, _ fields: JSONObject = [:]) throws(AdminClientError) -> Int64 {
    lastRequest += 1
    var request: JSONObject = ["id": .int(lastRequest), "op": .string(operation)]
    for (key, value) in fields { request[key] = value }
    let line = JSON.object(request).bytes() + [UInt8(ascii: "\n")]
    guard line.count <= Self.lineMax else { throw .tooLong(bytes: line.count) }
    outgoing += line
    if outgoing.count >= Self.outgoingMax { try write() }
    return lastRequest
  }

  /// Waits for the next line of any answer.
  package func receive() throws(AdminClientError) -> Event {
    stash.isEmpty ? try next() : stash.removeFirst()
  }

  /// Whether `receive` would return at once, with what has been read already.
  package var hasEvent: Bool { !stash.isEmpty || incoming.hasLine }

  /// Sends a request and waits for its end, handing each item over on the way.
  ///
  /// Lines of other requests wait for `receive`. What `each` returns says whether to go on; the first `false` ends the
  /// wait, with the request still open.
  ///
  /// - Returns: What the host said at the end, or null if `each` ended the wait.
  /// - Throws: `AdminClientError`, or what `each` throws.
  @discardableResult
  package func call(
    _ operation: String,
    _ fields: JSONObject = [:],
    each: (JSON) throws -> Bool = { _ in true }
  ) throws -> JSON {
    let request = try send(operation, fields)
    while true {
      let event = try next()
      guard event.request == request else {
        stash.append(event)
        continue
      }
      switch event.content {
      case .item(let item): if try !each(item) { return .null }
      case .ok(let result): return result
      case .error(let error): throw error
      }
    }
  }
}

// MARK: - Lines

extension AdminClient {
  private func next() throws(AdminClientError) -> Event {
    try write()
    while true {
      if let line = try incoming.next() { return try Self.event(line) }
      if try !read() { try wait(Int16(POLLIN)) }
    }
  }

  private static func event(_ line: ArraySlice<UInt8>) throws(AdminClientError) -> Event {
    let answer: JSON
    do throws(JSONError) { answer = try JSON.parse(line) } catch { throw .invalid("\(error)") }
    guard let request = answer["id"]?.intValue else { throw .invalid("no id in \(answer)") }
    if let item = answer["item"] { return Event(request: request, content: .item(item)) }
    if let result = answer["ok"] { return Event(request: request, content: .ok(result)) }
    guard let error = answer["error"], let code = error["code"]?.stringValue else {
      throw .invalid("neither item, ok nor error in \(answer)")
    }
    let message = error["message"]?.stringValue ?? ""
    return Event(request: request, content: .error(.refused(code: code, message: message)))
  }
}

// MARK: - Bytes

extension AdminClient {
  /// Writes all that is to be sent, reading meanwhile: a host that reads no further must not wait for us to read.
  private func write() throws(AdminClientError) {
    var done = 0
    while done < outgoing.count {
      let count = unsafe outgoing.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          socket,
          buffer.baseAddress.map { unsafe $0 + done },
          buffer.count - done,
          Int32(MSG_NOSIGNAL)
        )
      }
      if count >= 0 {
        done += count
      } else if errno == EAGAIN {
        if try !read() { try wait(Int16(POLLIN | POLLOUT)) }
      } else if errno == EPIPE || errno == ECONNRESET {
        // What the host has said before it went is still to be read.
        break
      } else if errno != EINTR {
        throw .invalid(Self.reason(errno))
      }
    }
    outgoing.removeAll(keepingCapacity: true)
  }

  /// Reads what is there, and returns whether there was anything.
  private func read() throws(AdminClientError) -> Bool {
    var code: Int32 = 0
    let count = unsafe incoming.fill { room in
      let count = unsafe recv(socket, room.baseAddress, room.count, 0)
      code = errno
      return count
    }
    if count > 0 { return true }
    if count == 0 || code == ECONNRESET { throw .closed }
    if code == EAGAIN || code == EINTR { return false }
    throw .invalid(Self.reason(code))
  }

  private func wait(_ events: Int16) throws(AdminClientError) {
    var descriptors = [pollfd(fd: socket, events: events, revents: 0)]
    if let watched { descriptors.append(pollfd(fd: watched, events: 0, revents: 0)) }
    _ = unsafe poll(&descriptors, nfds_t(descriptors.count), -1)
    if descriptors.count > 1, descriptors[1].revents & Int16(POLLERR | POLLHUP) != 0 { throw .abandoned }
  }

  private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
