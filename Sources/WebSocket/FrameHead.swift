/// What stands before the payload of a frame that a server sends (RFC 6455, section 5.2).
struct FrameHead {
  /// What a frame is.
  enum Opcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xa

    /// Whether it may stand between the fragments of a message.
    var isControl: Bool { rawValue & 0x8 != 0 }
  }

  /// Bytes of the longest head: two, and a length of eight; a server's have no mask.
  static let sizeMax = 10
  /// Bytes that a control frame has room for.
  static let controlMax = 125

  let opcode: Opcode
  /// Whether the message ends with this frame.
  let isFinal: Bool
  /// Bytes of the payload.
  let length: UInt64
  /// Bytes of the head itself.
  let size: Int

  /// Reads a head at the beginning of some bytes; nil if more of them are needed.
  init?(_ bytes: Span<UInt8>) throws(WebSocketError) {
    guard bytes.count >= 2 else { return nil }
    guard bytes[0] & 0x70 == 0 else {
      throw WebSocketError("a frame: expected no reserved bits, for no extension was agreed on, found some")
    }
    guard let opcode = Opcode(rawValue: bytes[0] & 0xf) else {
      throw WebSocketError("a frame: expected opcode 0, 1, 2, 8, 9 or 10, found \(bytes[0] & 0xf)")
    }
    guard bytes[1] & 0x80 == 0 else {
      throw WebSocketError("a frame: expected no mask on what a server sends, found one")
    }
    isFinal = bytes[0] & 0x80 != 0
    self.opcode = opcode
    let short = bytes[1]
    if opcode.isControl {
      guard isFinal else { throw WebSocketError("a control frame: expected a whole one, found a fragment") }
      guard short <= Self.controlMax else {
        throw WebSocketError("a control frame: expected at most \(Self.controlMax) bytes, found more")
      }
    }
    let (wide, least): (Int, UInt64) =
      switch short {
      case 126: (2, 126)
      case 127: (8, 1 << 16)
      default: (0, 0)
      }
    size = 2 + wide
    guard bytes.count >= size else { return nil }
    length = wide == 0 ? UInt64(short) : (2..<size).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    guard length >= least, length <= UInt64(Int64.max) else {
      throw WebSocketError("a frame: expected its length \(length) in as few bytes as hold it, found \(wide)")
    }
  }
}
