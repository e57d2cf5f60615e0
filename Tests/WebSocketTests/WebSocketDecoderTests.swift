import Testing

@testable import WebSocket

/// A frame as a server sends it; `first` is its first byte.
func frame(_ first: UInt8, _ payload: [UInt8] = [], isMasked: Bool = false) -> [UInt8] {
  var frame = [first]
  let mask: UInt8 = isMasked ? 0x80 : 0
  switch payload.count {
  case ..<126: frame.append(mask | UInt8(payload.count))
  case ..<65_536: frame += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
  default: frame += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
  }
  return frame + (isMasked ? [0, 0, 0, 0] : []) + payload
}

func frame(_ first: UInt8, _ text: String) -> [UInt8] { frame(first, Array(text.utf8)) }

/// All messages in some bytes, given in pieces of a size.
func decode(_ bytes: [UInt8], pieces size: Int = .max, limit: Int = 1 << 20) throws(WebSocketError)
  -> [WebSocketMessage]
{
  var decoder = WebSocketDecoder(messageSizeMax: limit)
  var messages: [WebSocketMessage] = []
  var start = 0
  while start < bytes.count {
    let piece = Array(bytes[start..<(size < bytes.count - start ? start + size : bytes.count)])
    var offset = 0
    while let message = try decoder.next(in: piece.span, from: &offset) { messages.append(message) }
    #expect(offset == piece.count)
    start += piece.count
  }
  return messages
}

@Suite struct WebSocketDecoderTests {
  private static let long = [UInt8](repeating: 7, count: 70_000)

  @Test(arguments: [Int.max, 1, 2, 3, 7, 1000])
  func `messages are the same in whatever pieces they come`(size: Int) throws {
    let bytes =
      frame(0x81, "hello") + frame(0x82, Self.long) + frame(0x89, "are you there") + frame(0x8a)
      + frame(0x82, [UInt8](repeating: 1, count: 300)) + frame(0x01, "h\u{e9}") + frame(0x89, "now") + frame(0x00)
      + frame(0x80, "llo") + frame(0x81) + frame(0x88, [0x0f, 0xa0] + "bye".utf8)
    #expect(
      try decode(bytes, pieces: size) == [
        .text(Array("hello".utf8)), .binary(Self.long), .ping(Array("are you there".utf8)), .pong([]),
        .binary([UInt8](repeating: 1, count: 300)), .ping(Array("now".utf8)), .text(Array("h\u{e9}llo".utf8)),
        .text([]), .close(WebSocketClose(code: 4000, reason: "bye")),
      ]
    )
  }

  @Test func `a character may lie across fragments`() throws {
    let euro = Array("€".utf8)
    let bytes = frame(0x01, [euro[0]]) + frame(0x00, [euro[1]]) + frame(0x80, [euro[2]])
    #expect(try decode(bytes) == [.text(euro)])
  }

  @Test func `nothing is read behind a close frame, which need not say why`() throws {
    #expect(try decode(frame(0x88) + [0xff, 0xff]) == [.close(WebSocketClose(code: 1005))])
  }

  @Test(
    arguments: [
      ([0xc1, 0x00], "reserved bits"), ([0xa1, 0x00], "reserved bits"), ([0x91, 0x00], "reserved bits"),
      ([0x83, 0x00], "found 3"), ([0x8b, 0x00], "found 11"), (frame(0x81, [1], isMasked: true), "no mask"),
      ([0x09, 0x00], "a control frame: expected a whole one"),
      ([0x89, 126, 0, 126], "a control frame: expected at most 125 bytes"), (frame(0x80, "x"), "found none"),
      (frame(0x01, "x") + frame(0x81, "y"), "found another message"),
      ([0x81, 126, 0, 125], "its length 125 in as few bytes as hold it, found 2"),
      ([0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], "its length 65535 in as few bytes"),
      ([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], "a frame: expected its length"),
      (frame(0x81, [0xff]), "a text message: expected UTF-8"), (frame(0x81, [0xed, 0xa0, 0x80]), "expected UTF-8"),
      (frame(0x81, [0xc0, 0x80]), "expected UTF-8"), (frame(0x81, [0xe2, 0x82]), "expected UTF-8"),
      (frame(0x88, [0x03]), "a code of 2 bytes"), (frame(0x88, [0x0f, 0xa0, 0xff]), "a reason in UTF-8"),
    ] as [([UInt8], String)]
  )
  func `what no server may send is an error`(bytes: [UInt8], words: String) throws {
    for size in [Int.max, 1] {
      let error = #expect(throws: WebSocketError.self) { try decode(bytes, pieces: size) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] as [UInt16])
  func `a code that may not be sent is an error`(code: UInt16) throws {
    let error = #expect(throws: WebSocketError.self) {
      try decode(frame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)]))
    }
    #expect(error?.description.contains("found \(code)") == true)
  }

  @Test(arguments: [1000, 1003, 1007, 1014, 3000, 4014, 4999] as [UInt16])
  func `a code that may be sent is heard`(code: UInt16) throws {
    #expect(
      try decode(frame(0x88, [UInt8(code >> 8), UInt8(code & 0xff)])) == [.close(WebSocketClose(code: code))]
    )
  }

  @Test func `a message that is too large is refused before it has come`() throws {
    #expect(try decode(frame(0x82, [1, 2, 3, 4]), limit: 4) == [.binary([1, 2, 3, 4])])
    let whole = #expect(throws: WebSocketError.self) { try decode([0x82, 5], limit: 4) }
    #expect(whole?.description == "a message: expected at most 4 bytes, found one of at least 5")
    let fragments = #expect(throws: WebSocketError.self) { try decode(frame(0x02, [1, 2, 3]) + [0x80, 2], limit: 4) }
    #expect(fragments == whole)
    let huge: [UInt8] = [0x82, 127, 0x7f] + [UInt8](repeating: 0xff, count: 7)
    #expect(throws: WebSocketError.self) { try decode(huge, limit: 16 << 20) }
  }

  @Test func `nothing is read behind an error`() throws {
    var decoder = WebSocketDecoder(messageSizeMax: 100)
    var offset = 0
    let wrong: [UInt8] = [0x83, 0x00]
    #expect(throws: WebSocketError.self) { try decoder.next(in: wrong.span, from: &offset) }
    let right = frame(0x81, "x")
    offset = 0
    #expect(try decoder.next(in: right.span, from: &offset) == nil)
    #expect(offset == right.count)
  }
}
