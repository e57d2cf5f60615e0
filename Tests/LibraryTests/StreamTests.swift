import CURL
import Locking
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct StreamTests {
  static let server = Result { try WebServer(isSecure: true) }

  let server: WebServer
  let streams: StreamThread

  init() throws {
    server = try Self.server.get()
    streams = try StreamThread()
  }

  /// Keeps what comes, and sends something as soon as it can.
  final class Memory: StreamReceiver {
    struct State {
      var bytes: [UInt8] = []
      var largest = 0
      var rests = 0
      var end: CURLError?
      var ends = 0
      var waiters: [(@Sendable (State) -> Bool, CheckedContinuation<Void, Never>)] = []
    }

    let state = Locked(State())
    let request: [UInt8]
    let takesAll: Bool
    let takesMore = Locked(false)

    init(_ request: String, takesAll: Bool = true) {
      self.request = Array(request.utf8)
      self.takesAll = takesAll
    }

    var takesBytes: Bool { takesAll || takesMore.withLock { $0 } || state.withLock { $0.bytes.isEmpty } }

    func begin(_ stream: CURL.Stream) {
      stream.settle()
      if !request.isEmpty { _ = stream.send(request) }
    }

    func receive(_ bytes: Span<UInt8>, from stream: CURL.Stream) {
      state.withLock { state in
        state.largest = max(state.largest, bytes.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe state.bytes.append(contentsOf: $0) }
      }
    }

    func rest() {
      change { $0.rests += 1 }
    }

    func end(_ error: CURLError) {
      change { state in
        state.end = error
        state.ends += 1
      }
    }

    private func change(_ body: (inout State) -> Void) {
      let due = state.withLock { state in
        body(&state)
        let (waiters, now) = (state.waiters, state)
        state.waiters = waiters.filter { !$0.0(now) }
        return waiters.filter { $0.0(now) }.map(\.1)
      }
      for waiter in due { waiter.resume() }
    }

    /// Returns when something is so.
    func until(_ isSo: @escaping @Sendable (State) -> Bool) async {
      await withCheckedContinuation { continuation in
        let isSoNow = state.withLock { state in
          if isSo(state) { return true }
          state.waiters.append((isSo, continuation))
          return false
        }
        if isSoNow { continuation.resume() }
      }
    }

    /// How it ended, once it has.
    func ended() async throws -> CURLError {
      await until { $0.end != nil }
      #expect(state.withLock { $0.ends } == 1)
      return try #require(state.withLock { $0.end })
    }

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
  }

  private func open(
    _ memory: Memory,
    on listener: String = "plain",
    host: String = "localhost",
    timeout: Duration = .seconds(60)
  ) throws -> CURL.Stream {
    let port = try #require(server.ports[listener])
    let options = CURL.Stream.Options(
      host: host,
      port: port,
      isSecure: !["plain", "other"].contains(listener),
      authorities: server.authority,
      timeout: timeout
    )
    return try streams.open(options, over: try #require(LoopbackListener.connect(to: port)), into: memory)
  }

  private static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n" }

  @Test(arguments: ["plain", "good"])
  func `what is sent arrives, and what is answered`(listener: String) async throws {
    defer { streams.stop() }
    let memory = Memory(Self.get("/hello"))
    let stream = try open(memory, on: listener)
    await memory.until { String(decoding: $0.bytes, as: UTF8.self).hasSuffix("hello") }
    #expect(memory.text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(stream.send(Array(Self.get("/truncated").utf8)))
    #expect(try await memory.ended().kind == .connection)
    #expect(memory.text.hasSuffix("ten bytes."))
    #expect(!stream.send([1]), "nothing is sent behind the end")
  }

  @Test(arguments: ["plain", "good"])
  func `much comes in pieces of what one reading has room for`(listener: String) async throws {
    defer { streams.stop() }
    let memory = Memory(Self.get("/stream?n=1000000"))
    _ = try open(memory, on: listener)
    let end = try await memory.ended()
    #expect(end.message == "the other side closed the connection")
    memory.state.withLock { state in
      let isWhole = Array(state.bytes.suffix(1_000_000)) == WebServer.noise(1_000_000)
      #expect(isWhole, "\(state.bytes.count) bytes")
      #expect(state.largest <= 64 << 10)
    }
  }

  @Test(arguments: ["plain", "good"])
  func `a receiver that takes no more is given no more until it does`(listener: String) async throws {
    defer { streams.stop() }
    let memory = Memory(Self.get("/stream?n=10000000"), takesAll: false)
    let stream = try open(memory, on: listener)
    await memory.until { $0.rests > 0 }
    // Another stream is opened, read and ended meanwhile.
    let other = Memory(Self.get("/truncated"))
    _ = try open(other, on: listener)
    _ = try await other.ended()
    #expect(memory.state.withLock { $0.bytes.count } <= 64 << 10)
    memory.takesMore.withLock { $0 = true }
    stream.resume()
    _ = try await memory.ended()
    #expect(memory.state.withLock { $0.bytes.count } > 10_000_000)
  }

  @Test(arguments: ["plain", "good"])
  func `what is sent before the end still arrives`(listener: String) async throws {
    defer { streams.stop() }
    let waiting = Memory(Self.get("/wait?name=finished-\(listener)"))
    _ = try open(waiting, on: listener)
    // Its first answer says that it is open.
    let finished = Memory(Self.get("/hello"))
    let stream = try open(finished, on: listener)
    await finished.until { !$0.bytes.isEmpty }
    _ = stream.send(Array(Self.get("/release?name=finished-\(listener)").utf8))
    stream.finish()
    #expect(try await finished.ended().kind == .cancelled)
    await waiting.until { String(decoding: $0.bytes, as: UTF8.self).hasSuffix("released") }
  }

  @Test(
    arguments: [
      ("stranger", .certificate, "no alternative certificate subject name matches target host name 'localhost'"),
      ("expired", .certificate, "certificate has expired"), ("selfsigned", .certificate, "self-signed certificate"),
      ("old", .encryption, "alert protocol version"),
    ] as [(String, CURLError.Kind, String)]
  )
  func `nothing is sent to whom is not to be trusted`(
    listener: String,
    kind: CURLError.Kind,
    words: String
  ) async throws {
    defer { streams.stop() }
    let memory = Memory(Self.get("/hello"))
    _ = try open(memory, on: listener)
    let error = try await memory.ended()
    #expect(error.kind == kind, "\(error)")
    #expect(error.message.contains(words), "\(error)")
    #expect(memory.text.isEmpty)
  }

  /// Opens a stream to somebody who accepts and says nothing.
  private func openSilent(_ memory: Memory, isSecure: Bool, timeout: Duration) throws -> (LoopbackListener, CURL.Stream)
  {
    let listener = try LoopbackListener()
    let options = CURL.Stream.Options(
      host: "localhost",
      port: listener.port,
      isSecure: isSecure,
      authorities: server.authority,
      timeout: timeout
    )
    let connection = try #require(LoopbackListener.connect(to: listener.port))
    return (listener, try streams.open(options, over: connection, into: memory))
  }

  @Test func `a handshake that hangs holds nobody up`() async throws {
    let silent = Memory("")
    // Longer than all tests may take that run beside this one.
    let (listener, _) = try openSilent(silent, isSecure: true, timeout: .seconds(60 * Patience.minutes))
    let memory = Memory(Self.get("/hello"))
    _ = try open(memory, on: "good")
    await memory.until { !$0.bytes.isEmpty }
    #expect(silent.state.withLock { $0.end } == nil)
    streams.stop()
    #expect(try await silent.ended().kind == .cancelled)
    withExtendedLifetime(listener) {}
  }

  @Test func `a handshake that hangs ends at its timeout`() async throws {
    defer { streams.stop() }
    let silent = Memory("")
    let (listener, _) = try openSilent(silent, isSecure: true, timeout: .milliseconds(100))
    #expect(try await silent.ended().kind == .timeout)
    withExtendedLifetime(listener) {}
  }

  @Test func `too much that waits to be sent is refused`() async throws {
    defer { streams.stop() }
    let memory = Memory("")
    let (listener, stream) = try openSilent(memory, isSecure: false, timeout: .seconds(60))
    let piece = [UInt8](repeating: 0, count: 100_000)
    // Nobody reads: the kernel takes some, and then no more.
    var count = 0
    while count < 1000, stream.send(piece) { count += 1 }
    #expect(count < 1000)
    stream.finish()
    #expect(try await memory.ended().kind == .cancelled)
    withExtendedLifetime(listener) {}
  }

  @Test func `an end of the thread is an end of its streams`() async throws {
    let memory = Memory(Self.get("/silent"))
    _ = try open(memory)
    streams.stop()
    #expect(try await memory.ended().kind == .cancelled)
    #expect(throws: CURLError.self) { try open(Memory("")) }
  }
}
