import Envelope
import Foundation
import Glibc
import Host
import Testing

struct AdminClientTests {
  @Test func `a call gives its items in order and then its end`() throws {
    let host = try FakeHost { request, connection in
      for number in 1...3 { connection.item(request, ["n": .int(Int64(number))]) }
      connection.ok(request, ["op": request["op"] ?? .null, "x": request["x"] ?? .null])
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    var items: [JSON] = []
    let end = try client.call("list", ["x": 7]) { item in
      items.append(item)
      return true
    }
    #expect(items == [["n": 1], ["n": 2], ["n": 3]])
    #expect(end == ["op": "list", "x": 7])
  }

  @Test func `an error answer is thrown with its code and message`() throws {
    let host = try FakeHost { request, connection in
      connection.error(request, "not_found", "no dead letter 9")
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    let error = #expect(throws: AdminClientError.self) { try client.call("dead_letters.show") }
    #expect(error == .refused(code: "not_found", message: "no dead letter 9"))
    #expect(error?.description == "not_found: no dead letter 9")
  }

  @Test func `answers in another order find their requests`() throws {
    let open = Held()
    let host = try FakeHost { request, connection in
      guard open.add(request, until: 3) else { return true }
      for request in open.requests.reversed() { connection.ok(request, ["op": request["op"] ?? .null]) }
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    let requests = try ["a", "b", "c"].map { try client.send($0) }
    #expect(Set(requests).count == 3)
    let events = try (0..<3).map { _ in try client.receive() }
    #expect(events.map(\.request) == requests.reversed())
    #expect(events.map(\.content) == [.ok(["op": "c"]), .ok(["op": "b"]), .ok(["op": "a"])])
  }

  @Test func `a call leaves the answers of other requests for receive`() throws {
    let host = try FakeHost { request, connection in
      connection.ok(request, ["op": request["op"] ?? .null])
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    let first = try client.send("first")
    #expect(try client.call("second") == ["op": "second"])
    #expect(client.hasEvent)
    #expect(try client.receive() == AdminClient.Event(request: first, content: .ok(["op": "first"])))
    #expect(!client.hasEvent)
  }

  @Test func `a host that answers before it reads on brings nothing to a stop`() throws {
    // More in both directions than the socket's buffers hold.
    let filler = JSON.string(String(repeating: "x", count: 50_000))
    let host = try FakeHost { request, connection in
      connection.ok(request, filler)
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    let requests = try (0..<200).map { _ in try client.send("echo", ["filler": filler]) }
    for request in requests {
      #expect(try client.receive() == AdminClient.Event(request: request, content: .ok(filler)))
    }
  }

  @Test func `lines that come in pieces are put together`() throws {
    let host = try FakeHost { _, connection in
      for byte in #"{"id":1,"item":{"a":"ä"}}"# + "\n" + #"{"id":1,"ok":{}}"# + "\n" { connection.write(String(byte)) }
      return true
    }
    var items: [JSON] = []
    try AdminClient(path: host.socketPath).call("x") { item in
      items.append(item)
      return true
    }
    #expect(items == [["a": "ä"]])
  }

  @Test func `a host that goes away ends what is open`() throws {
    let host = try FakeHost { request, connection in
      connection.item(request, 1)
      return false
    }
    var items = 0
    let client = try AdminClient(path: host.socketPath)
    #expect(throws: AdminClientError.closed) {
      try client.call("x") { _ in
        items += 1
        return true
      }
    }
    #expect(items == 1)
    #expect(throws: AdminClientError.closed) { try client.call("y") }
  }

  @Test(arguments: [
    ("nonsense", "nonsense"),
    (#"{"ok":{}}"#, "no id"),
    (#"{"id":1}"#, "neither item, ok nor error"),
    (#"{"id":1,"error":"no"}"#, "neither item, ok nor error"),
    (#"{"id":1,"ok":{}"#, "1:"),
  ]) func `what is no answer is refused`(line: String, fault: String) throws {
    let host = try FakeHost { _, connection in
      connection.write(line + "\n")
      return true
    }
    let error = #expect(throws: AdminClientError.self) { try AdminClient(path: host.socketPath).call("x") }
    guard case .invalid(let what) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(line == "nonsense" || what.contains(fault))
  }

  @Test func `a line without end is an error rather than memory`() throws {
    let host = try FakeHost { _, connection in
      connection.write(String(repeating: "x", count: AdminClient.lineMax + 1))
      return true
    }
    #expect(throws: AdminClientError.invalid("a line of more than 262144 bytes")) {
      try AdminClient(path: host.socketPath).call("x")
    }
  }

  @Test func `a request that the host would not read is not sent`() throws {
    let host = try FakeHost { request, connection in
      connection.ok(request)
      return true
    }
    let client = try AdminClient(path: host.socketPath)
    let error = #expect(throws: AdminClientError.self) {
      try client.send("x", ["filler": .string(String(repeating: "x", count: AdminClient.lineMax))])
    }
    guard case .tooLong(let bytes) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(bytes > AdminClient.lineMax)
    #expect(try client.call("y") == [:])
  }

  @Test func `a socket that is not there, or that nobody listens on, is no host`() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/admin.sock"
    #expect(throws: AdminClientError.noHost(path: path)) { try AdminClient(path: path) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(descriptor)
    #expect(throws: AdminClientError.noHost(path: path)) { try AdminClient(path: path) }
  }

  @Test func `a path that no socket can have is said to be too long`() {
    let path = "/tmp/" + String(repeating: "x", count: 200)
    #expect(throws: AdminClientError.unreachable(path: path, reason: "the path has 205 bytes, a socket's at most 107"))
    {
      try AdminClient(path: path)
    }
  }

  @Test func `a wait ends when nobody reads the output any more`() throws {
    let host = try FakeHost { request, connection in
      connection.item(request, 1)
      return true
    }
    var pipes: [Int32] = [0, 0]
    #expect(unsafe pipe(&pipes) == 0)
    defer { close(pipes[1]) }
    let client = try AdminClient(path: host.socketPath)
    client.watched = pipes[1]
    #expect(throws: AdminClientError.abandoned) {
      try client.call("tap") { _ in
        close(pipes[0])
        return true
      }
    }
  }
}

/// Requests that are held back until there are enough.
///
/// One thread alone uses it, the fake host's, which is why nothing guards it.
private final class Held: @unchecked Sendable {
  private(set) var requests: [JSON] = []

  func add(_ request: JSON, until count: Int) -> Bool {
    requests.append(request)
    return requests.count == count
  }
}
