import Testing

@testable import WebSocket

@Suite struct WebSocketHandshakeTests {
  /// The key of the example in section 1.3.
  private static func handshake() -> WebSocketHandshake {
    var generator = ScriptedGenerator("the sample nonce".utf8.map(UInt64.init))
    return WebSocketHandshake(
      host: "gateway.example:444",
      target: "/?v=10",
      headers: [("User-Agent", "test")],
      using: &generator
    )
  }

  private static let answer =
    "HTTP/1.1 101 Switching Protocols\r\nDate: now\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

  /// Reads an answer in pieces; what is behind it, nil if it is not whole.
  private static func read(_ text: String, pieces size: Int = .max) throws -> Int? {
    var handshake = handshake()
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let piece = Array(bytes[start..<(size < bytes.count - start ? start + size : bytes.count)])
      var offset = 0
      if try handshake.read(piece.span, from: &offset) { return bytes.count - start - offset }
      start += piece.count
    }
    return nil
  }

  @Test func `the request is that of a client, with a key of 16 bytes`() {
    #expect(
      String(decoding: Self.handshake().request, as: UTF8.self)
        == "GET /?v=10 HTTP/1.1\r\nHost: gateway.example:444\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nUser-Agent: test\r\n\r\n"
    )
  }

  @Test(arguments: [Int.max, 1, 5])
  func `the right answer is taken in whatever pieces it comes, and no byte behind it`(size: Int) throws {
    #expect(try Self.read(Self.answer, pieces: size) == 0)
    #expect(try Self.read(Self.answer + "\u{1}\u{0}", pieces: size) == 2)
    #expect(try Self.read(String(Self.answer.dropLast()), pieces: size) == nil)
  }

  @Test(
    arguments: [
      ("101 Switching Protocols", "429 Too Many Requests", "found HTTP 429 Too Many Requests"),
      ("101 Switching Protocols", "200", "found HTTP 200"), ("HTTP/1.1 101", "HTTP/1.0 101", "found no answer"),
      ("HTTP/1.1 101", "SSH-2.0-x", "found no answer"), ("Upgrade: WebSocket\r\n", "", "Upgrade: expected websocket"),
      ("Upgrade: WebSocket", "Upgrade: h2c", "Upgrade: expected websocket, found \"h2c\""),
      ("keep-alive, Upgrade", "close", "Connection: expected Upgrade, found \"close\""),
      ("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "x", "Sec-WebSocket-Accept: expected s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, found \"x\""),
      ("Date: now", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Extensions: expected none"),
      ("Date: now", "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: expected none"),
      ("Date: now", "Date now", "found a line that is none"),
      ("Date: now", " folded: yes", "found a line that is none"),
      ("Date: now", "Date: no\nw", "CR LF"),
      ("Date: now", "Date: " + String(repeating: "x", count: 20_000), "at most 16384 bytes"),
    ]
  )
  func `another answer is refused, saying what it was`(part: String, other: String, words: String) throws {
    let range = try #require(Self.answer.firstRange(of: part))
    var answer = Self.answer
    answer.replaceSubrange(range, with: other)
    let error = #expect(throws: WebSocketError.self) { try Self.read(answer) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test(
    arguments: [
      ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
      ), (String(repeating: "01234567", count: 80), "dea356a2cddd90c7a7ecedc5ebb563934f460452"),
    ]
  )
  func `digests are those of RFC 3174`(text: String, digest: String) {
    let found = SHA1.digest(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(found == digest)
  }
}
