import CURL
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct CURLTests {
  /// Started once, since a start takes half a second.
  static let server = Result { try WebServer(isSecure: true) }

  let server: WebServer
  let transfers: TransferThread

  init() throws {
    server = try Self.server.get()
    transfers = try TransferThread()
  }

  /// Takes a body into memory.
  final class Memory: TransferReceiver, @unchecked Sendable {
    struct Stop: Error {}

    var head: ResponseHead?
    var bytes: [UInt8] = []
    var isFinished = false
    let wantsBody: Bool
    let stopsAt: Int

    init(wantsBody: Bool = true, stopsAt: Int = .max) {
      (self.wantsBody, self.stopsAt) = (wantsBody, stopsAt)
    }

    func begin(_ head: ResponseHead) -> Bool {
      self.head = head
      return wantsBody
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
      unsafe self.bytes.append(contentsOf: bytes)
      if self.bytes.count >= stopsAt { throw Stop() }
    }

    func finish() { isFinished = true }
  }

  private func get(
    _ path: String,
    on listener: String = "plain",
    host: String = "localhost",
    into memory: Memory = Memory(),
    limit: Int = 1 << 20,
    _ change: (inout Transfer) -> Void = { _ in }
  ) async throws -> ResponseHead {
    let port = try #require(server.ports[listener])
    var transfer = Transfer(
      method: "GET",
      url: server.url(path, on: listener, host: host),
      port: port,
      authorities: server.authority,
      timeout: .seconds(60),
      limits: Transfer.Limits(bodyBytes: limit)
    )
    change(&transfer)
    let connection = try #require(LoopbackListener.connect(to: port))
    defer { transfers.stop() }
    return try await transfers.perform(transfer, over: connection, into: memory)
  }

  /// The words of the error that a transfer ends with.
  private func failure(
    _ path: String,
    on listener: String = "plain",
    host: String = "localhost",
    limit: Int = 1 << 20,
    _ change: (inout Transfer) -> Void = { _ in }
  ) async throws -> CURLError {
    try #require(
      await #expect(throws: CURLError.self) { try await get(path, on: listener, host: host, limit: limit, change) }
    )
  }

  @Test(arguments: ["plain", "good"])
  func `head and body come over the connection that was given`(listener: String) async throws {
    let memory = Memory()
    let head = try await get("/hello?q=1", on: listener, into: memory)
    #expect(head.status == 200)
    #expect(head.value(of: "CONTENT-TYPE") == "text/plain")
    #expect(memory.head == head)
    #expect(memory.bytes == Array("hello".utf8))
    #expect(memory.isFinished)
  }

  @Test func `no name is looked up, and the path is sent as it is`() async throws {
    let memory = Memory()
    _ = try await get("/echo", host: "no.such.host.example", into: memory) { $0.url += "/../a%2e" }
    #expect(memory.bytes == Array("not here".utf8))
  }

  @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
  func `a body is sent with its length and no more is said than was asked for`(method: String) async throws {
    let memory = Memory()
    _ = try await get("/echo", into: memory) {
      $0.method = method
      $0.body = Array("a\0b".utf8)
      $0.headers = [.init("X-Empty", ""), .init("X-Full", "1")]
    }
    let text = String(decoding: memory.bytes, as: UTF8.self)
    #expect(text.contains("\"method\": \"\(method)\""))
    #expect(text.contains("[\"content-length\", \"3\"]"))
    #expect(text.contains("[\"x-empty\", \"\"]") && text.contains("[\"x-full\", \"1\"]"))
    #expect(!text.contains("content-type") && !text.contains("expect") && !text.contains("user-agent"))
    #expect(text.contains("\"body\": \"a\\u0000b\""))
  }

  @Test func `what is compressed comes as it was`() async throws {
    let memory = Memory()
    _ = try await get("/compressed?n=100000", into: memory)
    #expect(memory.bytes == [UInt8](repeating: UInt8(ascii: "0"), count: 100_000))
  }

  @Test(
    arguments: [
      ("stranger", "no alternative certificate subject name matches target host name 'localhost'"),
      ("expired", "certificate has expired"), ("selfsigned", "self-signed certificate"),
    ]
  )
  func `a certificate that is not the host's is refused`(listener: String, words: String) async throws {
    let error = try await failure("/hello", on: listener)
    #expect(error.kind == .certificate)
    #expect(error.message.contains(words), "\(error)")
  }

  @Test func `an authority that is not named is not trusted`() async throws {
    let error = try await failure("/hello", on: "good") { $0.authorities = "/etc/ssl/certs/ca-certificates.crt" }
    #expect(error.kind == .certificate)
  }

  @Test func `TLS before 1_2 is refused`() async throws {
    let error = try await failure("/hello", on: "old")
    #expect(error.kind == .encryption)
  }

  @Test(
    arguments: [
      ("/noise?n=2000000", .tooLarge), ("/stream?n=2000000", .tooLarge), ("/compressed?n=100000000", .tooLarge),
      ("/headers?n=100000&size=10", .headTooLarge), ("/headers?n=1&size=1000000", .headTooLarge),
      ("/truncated", .connection), ("/chunks", .connection), ("/nonsense", .malformed),
    ] as [(String, CURLError.Kind)]
  )
  func `what goes too far or breaks off is an error`(path: String, kind: CURLError.Kind) async throws {
    let error = try await failure(path)
    #expect(error.kind == kind, "\(error)")
  }

  @Test func `a server that says nothing is not waited for beyond the timeout`() async throws {
    let error = try await failure("/silent") { $0.timeout = .milliseconds(200) }
    #expect(error.kind == .timeout)
  }

  @Test func `a redirect is an answer`() async throws {
    let head = try await get("/redirect?to=/hello")
    #expect(head.status == 302)
    #expect(head.value(of: "location") == "/hello")
  }

  @Test(arguments: [
    ("http://user@localhost/", "Login denied"), ("file:///etc/passwd", "not supported or disabled"),
    ("ftp://localhost/", "not supported or disabled"), ("http://local host/", "URL using bad/illegal format"),
  ])
  func `a user in a URL and another scheme are refused`(url: String, words: String) async throws {
    let error = try await failure("/") { $0.url = url }
    #expect(error.message.contains(words), "\(error)")
  }

  @Test func `who wants no body is not kept waiting for it`() async throws {
    let memory = Memory(wantsBody: false)
    let head = try await get("/half?n=10", into: memory, limit: 1 << 30)
    #expect(head.status == 200)
    #expect(memory.bytes.isEmpty && memory.isFinished)
  }

  @Test func `what a receiver throws is what comes of it`() async throws {
    await #expect(throws: Memory.Stop.self) { try await get("/noise?n=100000", into: Memory(stopsAt: 1)) }
  }

  @Test func `a task that is cancelled ends its transfer`() async throws {
    let task = Task { try await get("/silent") }
    task.cancel()
    let error = await #expect(throws: CURLError.self) { try await task.value }
    #expect(error?.kind == .cancelled)
  }

  @Test func `an end of the thread is an end of its transfers`() async throws {
    let port = try #require(server.ports["plain"])
    let transfer = Transfer(
      method: "GET",
      url: server.url("/half?n=10"),
      port: port,
      authorities: server.authority,
      timeout: .seconds(60),
      limits: Transfer.Limits(bodyBytes: 1 << 30)
    )
    let connection = try #require(LoopbackListener.connect(to: port))
    let transfers = transfers
    let task = Task { try await transfers.perform(transfer, over: connection, into: Memory()) }
    transfers.stop()
    let error = await #expect(throws: CURLError.self) { try await task.value }
    #expect(error?.kind == .cancelled)
  }
}
