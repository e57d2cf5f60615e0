internal import CLinux
internal import Envelope
internal import Glibc

/// One client on the admin socket: bytes in, lines out of them, and the reverse.
///
/// It belongs to the admin server's thread.
final class AdminConnection {
  private static let readSize = 64 << 10

  let descriptor: Int32
  private let number: UInt64
  private var input: [UInt8] = []
  private var output: [UInt8] = []
  private var written = 0
  private var open: Set<Int64> = []
  /// Items dropped per request since the client was last told.
  private var dropped: [Int64: Int] = [:]
  /// Requests of which somebody waits for room.
  private var waiting: [Int64] = []
  private var isAtEnd = false

  init(descriptor: Int32, number: UInt64) {
    self.descriptor = descriptor
    self.number = number
  }

  /// Whether anything waits to be written.
  private var hasOutput: Bool { written < output.count }
  /// Bytes that wait to be written.
  private var pending: Int { output.count - written }
  /// Whether more requests are taken: not while many are open, nor while the client does not read its answers.
  private var mayTake: Bool {
    open.count < AdminServer.openRequestsLimit && pending < AdminServer.pendingLimit
  }
  /// What the connection waits for.
  ///
  /// While as many requests are open as may be, no more are read, and the kernel has the client wait.
  var interest: Poller.Interest {
    (mayTake ? Poller.Interest.reading : []).union(hasOutput ? .writing : [])
  }
  /// Whether the client is gone.
  var isOver: Bool { isAtEnd }

  // MARK: - Reading

  /// Takes some of what has come.
  func read() {
    var chunk = [UInt8](repeating: 0, count: Self.readSize)
    let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
    if count > 0 {
      input += chunk[..<count]
    } else if count == 0 || errno != EAGAIN && errno != EINTR {
      isAtEnd = true
    }
  }

  /// Takes the requests whose lines are complete.
  func takeRequests() -> [AdminRequest] {
    var requests: [AdminRequest] = []
    var start = 0
    while mayTake, let end = input[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if let request = request(in: Array(input[start..<end])) { requests.append(request) }
      start = end + 1
    }
    input.removeFirst(start)
    if input.count > AdminServer.lineLimit, !input.contains(UInt8(ascii: "\n")) {
      put(0, .error(code: "invalid", message: "a request is one line of at most \(AdminServer.lineLimit) bytes"))
      isAtEnd = true
    }
    return requests
  }

  private func request(in line: [UInt8]) -> AdminRequest? {
    guard !line.isEmpty else { return nil }
    do throws(JSONError) {
      let json = try JSON.parse(line)
      guard let body = json.objectValue, let id = body["id"]?.intValue, let operation = body["op"]?.stringValue else {
        put(0, .error(code: "invalid", message: "expected an object with id, a whole number, and op, a string"))
        return nil
      }
      guard open.insert(id).inserted else {
        put(id, .error(code: "invalid", message: "a request with the id \(id) is open already"))
        return nil
      }
      return AdminRequest(
        address: AdminAddress(connection: number, request: id),
        operation: operation,
        body: body
      )
    } catch {
      put(0, .error(code: "invalid", message: "not JSON: \(error)"))
      return nil
    }
  }

  // MARK: - Writing

  /// Answers a request that is open.
  func answer(_ request: Int64, _ make: () -> AdminAnswer) {
    guard open.contains(request) else { return }
    let answer = make()
    if answer.isLast { open.remove(request) }
    if case .live = answer, pending > AdminServer.pendingLimit, !makeRoom() {
      dropped[request, default: 0] += 1
      return
    }
    tellDropped(request)
    put(request, answer)
  }

  /// Writes what the client takes now; true if that made room.
  private func makeRoom() -> Bool {
    write()
    return pending <= AdminServer.pendingLimit
  }

  /// Notes that somebody waits to give more of a request.
  func awaitRoom(_ request: Int64) {
    waiting.append(request)
  }

  /// Takes the requests of which more can be given.
  func takeRoom() -> [Int64] {
    guard pending <= AdminServer.pendingLimit / 2 else { return [] }
    defer { waiting = [] }
    return waiting
  }

  private func tellDropped(_ request: Int64) {
    guard let count = dropped.removeValue(forKey: request) else { return }
    put(request, .item(["dropped": .int(Int64(count))]))
  }

  private func put(_ request: Int64, _ answer: AdminAnswer) {
    var line: JSONObject = ["id": .int(request)]
    switch answer {
    case .item(let json), .live(let json): line["item"] = json
    case .ok(let json): line["ok"] = json
    case .error(let code, let message): line["error"] = ["code": .string(code), "message": .string(message)]
    }
    output += JSON.object(line).bytes()
    output.append(UInt8(ascii: "\n"))
  }

  /// Writes what the client takes.
  func write() {
    while hasOutput {
      let count = unsafe output.withUnsafeBytes { bytes in
        unsafe send(
          descriptor,
          bytes.baseAddress.map { unsafe $0 + written },
          bytes.count - written,
          Int32(MSG_NOSIGNAL)
        )
      }
      guard count > 0 else {
        if errno != EAGAIN && errno != EINTR { isAtEnd = true }
        break
      }
      written += count
    }
    if !hasOutput {
      output.removeAll(keepingCapacity: true)
      written = 0
    } else if written > AdminServer.pendingLimit {
      output.removeFirst(written)
      written = 0
    }
  }

  /// Writes the rest, waiting for the client for a moment, and closes.
  func finish() {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    _ = linux_limit_send(descriptor, 1)
    write()
    close()
  }

  func close() {
    Glibc.close(descriptor)
  }
}
