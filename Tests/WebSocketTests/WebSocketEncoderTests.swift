import Testing

@testable import WebSocket

/// Numbers that are known beforehand, the same after the last again.
struct ScriptedGenerator: RandomNumberGenerator {
  let numbers: [UInt64]
  private var index = 0

  init(_ numbers: [UInt64]) { self.numbers = numbers }

  mutating func next() -> UInt64 {
    defer { index += 1 }
    return numbers[index % numbers.count]
  }
}

@Suite struct WebSocketEncoderTests {
  @Test func `a frame is masked as the example in section 5_7 is`() {
    var generator = ScriptedGenerator([0x37fa_213d])
    let frame = WebSocketEncoder.frame(.text(Array("Hello".utf8)), using: &generator)
    #expect(frame == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
  }

  @Test(arguments: [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
  func `a length takes as few bytes as hold it`(count: Int, head: Int) throws {
    var generator = ScriptedGenerator([0])
    let payload = [UInt8](repeating: 1, count: count)
    let frame = WebSocketEncoder.frame(.binary(payload), using: &generator)
    #expect(frame.count == head + 4 + count)
    // Without its mask, which is zero here, it is a server's.
    let plain = [frame[0], frame[1] & 0x7f] + frame[2..<head] + frame[(head + 4)...]
    #expect(try decode(plain) == [.binary(payload)])
  }

  @Test func `a control frame has no more than it has room for`() {
    var generator = SystemRandomNumberGenerator()
    let long = [UInt8](repeating: 1, count: 200)
    #expect(WebSocketEncoder.frame(.pong(long), using: &generator).count == 6 + 125)
    let close = WebSocketClose(code: 4000, reason: String(repeating: "ü", count: 100))
    #expect(close.payload.count == 2 + 122)
    #expect(WebSocketClose(code: 1006, reason: "lost").payload.isEmpty)
  }
}
