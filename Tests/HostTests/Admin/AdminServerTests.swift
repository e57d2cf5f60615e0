import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// What a client gets that reads more slowly than the host answers.
@Suite struct AdminServerTests {
  /// Items whose lines together are more than what may wait for a client and what the kernel holds for it.
  private static let count = 130
  private static let item = JSON.object(["text": .string(String(repeating: "x", count: 40_000))])

  private let directory: TemporaryDirectory
  private let events = Mailbox<AdminServer.Event>()
  private let server: AdminServer
  private let client: AdminClient

  init() throws {
    directory = try TemporaryDirectory()
    let events = self.events
    server = try AdminServer(path: directory.file("s")) { events.post($0) }
    client = try AdminClient(path: directory.file("s"))
  }

  /// Waits for what clients have done, as the host's loop does.
  private func hear() throws -> [AdminServer.Event] {
    var source = pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0)
    try #require(unsafe poll(&source, 1, 20_000) == 1, "the server says nothing")
    return events.drain()
  }

  /// Sends a request and waits until the host has it.
  private func begin(_ client: AdminClient) throws -> AdminAddress {
    // Long enough to be written at once.
    try client.send("list", ["padding": .string(String(repeating: " ", count: 100_000))])
    let heard = try hear()
    guard heard.count == 1, case .request(let request) = heard[0] else {
      throw Answer.Unexpected("\(heard)")
    }
    return request.address
  }

  /// Reads answers to the end, and returns how many items came, and how many were said to be dropped.
  private func read() throws -> (items: Int, dropped: Int64) {
    var (items, dropped): (Int, Int64) = (0, 0)
    while true {
      switch try client.receive().content {
      case .item(let item):
        if let count = item["dropped"]?.intValue { dropped += count } else { items += 1 }
      case .ok: return (items, dropped)
      case .error(let error): throw error
      }
    }
  }

  @Test func `its socket is its owner's alone, and the mask of the process is as it was`() throws {
    defer { server.stop() }
    var status = stat()
    #expect(unsafe stat(directory.file("s"), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let folder = directory.file("made-meanwhile")
    #expect(unsafe mkdir(folder, 0o755) == 0 && stat(folder, &status) == 0)
    #expect(status.st_mode & 0o500 == 0o500)
  }

  @Test func `what was asked for is not dropped, however slow the client`() throws {
    defer { server.stop() }
    let address = try begin(client)
    for _ in 0..<Self.count { server.answer(address, .item(Self.item)) }
    server.answer(address, .ok([:]))
    let (items, dropped) = try read()
    #expect(items == Self.count)
    #expect(dropped == 0)
  }

  @Test func `of what happens meanwhile, a slow client is told how much it missed`() throws {
    defer { server.stop() }
    let address = try begin(client)
    for _ in 0..<Self.count { server.answer(address, .live(Self.item)) }
    server.answer(address, .ok([:]))
    // Once another one is answered, all that is above has been done.
    let other = try AdminClient(path: directory.file("s"))
    server.answer(try begin(other), .ok([:]))
    _ = try other.receive()
    let (items, dropped) = try read()
    #expect(dropped > 0)
    #expect(items + Int(dropped) == Self.count)
  }

  @Test func `there is room for more when the client has read`() throws {
    defer { server.stop() }
    let address = try begin(client)
    for _ in 0..<Self.count { server.answer(address, .item(Self.item)) }
    server.awaitRoom(address)
    let other = try AdminClient(path: directory.file("s"))
    let last = try begin(other)
    server.answer(last, .ok([:]))
    _ = try other.receive()
    #expect(events.count == 0, "nobody has read yet")
    for _ in 0..<Self.count { _ = try client.receive() }
    guard case .room(let found)? = try hear().first else {
      Issue.record("expected room")
      return
    }
    #expect(found == address)
    server.answer(address, .ok([:]))
    #expect(try read().items == 0)
  }
}
