import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes))) struct LinkTests {
  /// Started once, since a start takes half a second.
  static let server = Result { try WebServer(isSecure: true) }

  let server: WebServer

  init() throws {
    server = try Self.server.get()
  }

  /// What came of talking to the server.
  struct Talk: Sendable {
    var texts: [String] = []
    /// How it ended, if it did before as many messages had come as were waited for.
    var end: GatewayEnd?
  }

  private func url(_ path: String, on listener: String = "plain") -> String {
    server.url(path, on: listener).replacing(/^http/, with: "ws")
  }

  /// Says something to the server and takes so many messages.
  private func talk(
    _ texts: [String],
    taking count: Int,
    on listener: String = "plain",
    _ compression: GatewayCompression = .none,
    name: String = ""
  ) async throws -> Talk {
    let url = url("/websocket?name=\(name)", on: listener)
    let authority = server.authority
    return try await Stage.run { context, _ in
      let link = try CURLGatewayLink(context: context, authorities: authority)
      defer { link.stop() }
      let connection = try await link.connect(to: url, compression: compression, timeout: .seconds(60))
      for text in texts { connection.send(Array(text.utf8)) }
      var talk = Talk()
      do throws(GatewayEnd) {
        while talk.texts.count < count {
          talk.texts += try await connection.messages().map { String(decoding: $0, as: UTF8.self) }
        }
      } catch {
        talk.end = error
      }
      connection.close(code: 4000)
      return talk
    }
  }

  /// Why no connection comes about.
  private func refusal(
    _ url: String,
    timeout: Duration = .seconds(60),
    dialAnswer: @escaping @Sendable (String, UInt16) -> FakeHost.Dialled = { .loopback($1) }
  ) async throws -> GatewayEnd {
    let authority = server.authority
    return try await Stage.run(on: { FakeHost(Stage.self, config: $0, dialAnswer: dialAnswer) }) { context, _ in
      let link = try CURLGatewayLink(context: context, authorities: authority)
      defer { link.stop() }
      do throws(GatewayEnd) {
        _ = try await link.connect(to: url, compression: .none, timeout: timeout)
        return .ended
      } catch {
        return error
      }
    }
  }

  // MARK: - Messages

  @Test(arguments: ["plain", "good"])
  func `what is sent is answered, and the code of the end arrives`(listener: String) async throws {
    let talk = try await talk(["one", "two", "three"], taking: 3, on: listener, name: "end-\(listener)")
    #expect(talk.texts == ["one", "two", "three"])
    let seen = try await Stage.run { [server] context, _ in
      let transfers = try HTTPTransfers(context: context, authorities: server.authority)
      defer { transfers.stop() }
      let deadline = context.clock.now.nanoseconds + 60_000_000_000
      for path in ["/wait?name=end-\(listener)", "/seen"] {
        let request = HTTPRequest(method: "GET", url: server.url(path), headers: [], body: [])
        let answer = try await transfers.send(request, until: deadline)
        if path == "/seen" { return String(decoding: answer.body, as: UTF8.self) }
      }
      return ""
    }
    #expect(seen.contains("websocket end-\(listener): close 4000"))
  }

  @Test func `a ping is answered`() async throws {
    let talk = try await talk(["raw 8903616263"], taking: 1)
    #expect(talk.texts == ["pong abc"])
  }

  @Test func `point 10: messages are the same in whatever way they are compressed, and cut at any byte`() async throws {
    let text = #"{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"content":"héllo"}}"#
    let plain = try await talk([text], taking: 1)
    #expect(plain.texts == [text])
    // Longer than any of them is compressed.
    let cuts = 0..<80
    let zlib = try await talk(cuts.map { "zlib \($0) \(text)" }, taking: cuts.count, .zlibStream)
    #expect(zlib.texts == cuts.map { _ in text })
    // Of libzstd: each flushed, the last of three blocks.
    let zstd = try await talk(
      [
        "raw 821228b52ffd00584800007b226f70223a31307d",
        "raw 821dd000007b2274223a225245414459222c2273223a312c226f70223a307d", "raw 820c0200107802001078029f0478",
      ],
      taking: 3,
      .zstdStream
    )
    #expect(
      zstd.texts == [#"{"op":10}"#, #"{"t":"READY","s":1,"op":0}"#, String(repeating: "x", count: 300_000)]
    )
  }

  @Test func `point 10: a message of ten megabytes is a message`() async throws {
    let talk = try await talk(["long 10000000"], taking: 1)
    #expect(talk.texts.map(\.utf8.count) == [10_000_000])
  }

  @Test(
    arguments: [
      ("raw 8101ff", .none, "a text message: expected UTF-8"), ("raw 818100000000ff", .none, "no mask"),
      ("raw 830101", .none, "found 3"), ("raw 820101", .none, "expected text"),
      ("long 16777217", .none, "expected at most 16777216 bytes, found one of at least 16777217"),
      ("raw 8204deadbeef", .zlibStream, "a zlib stream"), ("raw 8204deadbeef", .zstdStream, "a zstd stream"),
      // The second byte of a character alone, in a stored block, and a flush.
      ("raw 820d7801000100feff80000000ffff", .zlibStream, "expected UTF-8 once decompressed"),
    ] as [(String, GatewayCompression, String)]
  )
  func `point 10: what no gateway may send is the end of a connection, and of nothing else`(
    text: String,
    compression: GatewayCompression,
    words: String
  ) async throws {
    let talk = try await talk(["hello", text], taking: 2, compression)
    #expect(talk.texts == ["hello"])
    guard case .broken(let found) = talk.end else {
      Issue.record("expected an end that is broken, found \(String(describing: talk.end))")
      return
    }
    #expect(found.hasPrefix("localhost:") && found.contains(words), "\(found)")
  }

  @Test func `a server's close is heard with its code and reason`() async throws {
    let closed = try await talk(["raw 88060fa44e6f7065"], taking: 1)
    #expect(closed.end == .closed(code: 4004, reason: "Nope"))
    let bare = try await talk(["raw 8800"], taking: 1)
    #expect(bare.end == .closed(code: 1005, reason: ""))
  }

  @Test func `an end without a close is a loss`() async throws {
    let lost = try await talk(["leave"], taking: 1)
    guard case .lost(let words) = lost.end else {
      Issue.record("expected a loss, found \(String(describing: lost.end))")
      return
    }
    #expect(words.contains("the other side closed the connection"))
  }

  @Test func `what is not taken is not read, and goes on when it is`() async throws {
    let (url, authority) = (url("/websocket"), server.authority)
    let (count, wasPaused) = try await Stage.run { context, _ in
      let link = try CURLGatewayLink(context: context, authorities: authority)
      defer { link.stop() }
      let connection = try await link.connect(to: url, compression: .none, timeout: .seconds(60))
      connection.send(Array("many 40 1000000".utf8))
      while !connection.isPaused { await Task.yield() }
      var taken = try await connection.messages().count
      let wasPaused = taken < 10
      while taken < 40 { taken += try await connection.messages().count }
      return (taken, wasPaused)
    }
    #expect(count == 40)
    #expect(wasPaused, "eight megabytes and what was being read are less than ten messages")
  }

  @Test func `bytes that came are a sign of life, and time alone is none`() async throws {
    let (url, authority) = (url("/websocket"), server.authority)
    let (before, after, now, later) = try await Stage.run { context, _ in
      let link = try CURLGatewayLink(context: context, authorities: authority)
      defer { link.stop() }
      let connection = try await link.connect(to: url, compression: .none, timeout: .seconds(60))
      let before = connection.lastReceived
      connection.send(Array("hello".utf8))
      _ = try await connection.messages()
      let after = connection.lastReceived
      return (before, after, context.clock.now.nanoseconds, connection.lastReceived)
    }
    #expect(after == later)
    #expect(after <= now && after > now - 60_000_000_000)
    #expect(before <= now)
  }

  // MARK: - No connection

  @Test(
    arguments: [
      ("stranger", "no alternative certificate subject name matches target host name 'localhost'"),
      ("expired", "certificate has expired"), ("selfsigned", "self-signed certificate"), ("old", "TLS 1.2 or later"),
    ]
  )
  func `point 26: a wrong host, an expired and a self-signed certificate and TLS 1_1 are refused`(
    listener: String,
    words: String
  ) async throws {
    guard case .unreachable(let found, let isTrust) = try await refusal(url("/websocket", on: listener)) else {
      Issue.record("expected no connection")
      return
    }
    #expect(isTrust)
    #expect(found.hasPrefix("localhost:\(server.ports[listener] ?? 0): expected ") && found.contains(words), "\(found)")
    if listener != "old" { #expect(found.contains("of an authority in \(server.authority)"), "\(found)") }
  }

  @Test(
    arguments: [
      ("/status?n=429", "found HTTP 429 Too Many Requests"), ("/hello", "found HTTP 200 OK"),
      ("/nonsense", "found no answer by HTTP/1.1"),
    ]
  )
  func `a server that does not speak the protocol is told apart`(path: String, words: String) async throws {
    guard case .unreachable(let found, let isTrust) = try await refusal(url(path)) else {
      Issue.record("expected no connection")
      return
    }
    #expect(!isTrust)
    #expect(found.contains(words), "\(found)")
  }

  @Test func `a server that says nothing is not waited for beyond the timeout`() async throws {
    guard case .unreachable(let found, _) = try await refusal(url("/silent"), timeout: .milliseconds(200)) else {
      Issue.record("expected no connection")
      return
    }
    #expect(found.contains("expected an answer to the opening handshake in time"), "\(found)")
  }

  @Test func `a host that does not dial and a URL that is none are said in words`() async throws {
    let dial = try await refusal("wss://gateway.example/?v=10") { _, _ in .failure(PROMETHEAN_DENIED, "not granted") }
    #expect(dial == .unreachable("gateway.example:443: not granted", isTrust: false))
    let url = try await refusal("https://gateway.example/")
    #expect(
      url
        == .unreachable(
          "the gateway's URL: expected wss://host/?query, found \"https://gateway.example/\"",
          isTrust: false
        )
    )
  }
}
