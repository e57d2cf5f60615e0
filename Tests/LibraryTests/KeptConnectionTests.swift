import CURL
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct KeptConnectionTests {
  static let server = Result { try WebServer(isSecure: true) }

  let server: WebServer
  let transfers: TransferThread

  init() throws {
    server = try Self.server.get()
    transfers = try TransferThread()
  }

  /// What is answered over a connection that is kept, or over a new one.
  private func get(
    _ path: String,
    on listener: String,
    isNew: Bool,
    isKept: Bool = true,
    method: String = "GET"
  ) async throws -> String {
    let port = try #require(server.ports[listener])
    var transfer = Transfer(
      method: method,
      url: server.url(path, on: listener),
      port: port,
      authorities: server.authority,
      timeout: .seconds(60),
      limits: Transfer.Limits(bodyBytes: 1 << 20)
    )
    transfer.isKept = isKept
    if method != "GET" { transfer.body = Array("{}".utf8) }
    let memory = CURLTests.Memory()
    let connection = isNew ? LoopbackListener.connect(to: port) : nil
    try #require((connection != nil) == isNew)
    _ = try await transfers.perform(transfer, over: connection, into: memory)
    return String(decoding: memory.bytes, as: UTF8.self)
  }

  private func failure(_ path: String, on listener: String, method: String = "GET") async throws -> CURLError {
    try #require(
      await #expect(throws: CURLError.self) { try await get(path, on: listener, isNew: false, method: method) }
    )
  }

  @Test(arguments: ["plain", "good"])
  func `a connection is used again by whoever brings none, and by nobody else`(listener: String) async throws {
    defer { transfers.stop() }
    let first = try await get("/port", on: listener, isNew: true)
    #expect(try await get("/port", on: listener, isNew: false) == first)
    #expect(try await get("/echo", on: listener, isNew: false, method: "POST").contains("\"body\": \"{}\""))
    #expect(try await get("/port", on: listener, isNew: false) == first)
    #expect(try await get("/port", on: listener, isNew: true) != first)
    #expect(try await get("/port", on: listener, isNew: true, isKept: false) != first)
  }

  @Test(arguments: ["plain", "good"])
  func `without a connection nothing is sent`(listener: String) async throws {
    defer { transfers.stop() }
    let path = "/echo?unsent=\(listener)"
    let error = try await failure(path, on: listener, method: "POST")
    #expect(error.kind == .needsConnection)
    #expect(!error.isSent)
    // One that was not to be kept is not, and one to another port is another.
    _ = try await get("/port", on: listener, isNew: true, isKept: false)
    _ = try await get("/port", on: "other", isNew: true)
    #expect(try await failure(path, on: listener, method: "POST") == error)
    #expect(try await !get("/seen", on: "other", isNew: false).contains(path))
  }

  @Test(arguments: ["plain", "good"])
  func `a connection that the server has closed meanwhile is none`(listener: String) async throws {
    defer { transfers.stop() }
    let name = "left-\(listener)"
    #expect(try await get("/leave?name=\(name)", on: listener, isNew: true) == "bye")
    #expect(try await get("/wait?name=\(name)", on: "other", isNew: true) == "released")
    let error = try await failure("/echo", on: listener, method: "POST")
    #expect(error.kind == .needsConnection)
    #expect(!error.isSent)
    _ = try await get("/port", on: listener, isNew: true)
  }

  @Test(arguments: ["plain", "good"])
  func `a request that a server has read is not sent again`(listener: String) async throws {
    defer { transfers.stop() }
    // Two are idle, so that there is one to send it over again.
    let name = "two-\(listener)"
    async let one = get("/wait?name=\(name)", on: listener, isNew: true)
    _ = try await get("/release?name=\(name)", on: listener, isNew: true)
    _ = try await one
    let error = try await failure("/drop?once=\(listener)", on: listener, method: "POST")
    #expect(error.kind == .connection, "\(error)")
    #expect(error.isSent)
    let seen = try await get("/seen", on: "other", isNew: true)
    let lines = try JSONDecoder().decode([String].self, from: Data(seen.utf8))
    #expect(lines.filter { $0 == "POST /drop?once=\(listener)" }.count == 1)
  }

  @Test func `a failure before the request is sent says so`() async throws {
    defer { transfers.stop() }
    let error = try #require(
      await #expect(throws: CURLError.self) { try await get("/hello", on: "expired", isNew: true, method: "POST") }
    )
    #expect(error.kind == .certificate)
    #expect(!error.isSent)
  }
}
