/// Writes what a client sends: each message in one frame, masked (RFC 6455, section 5.3).
package enum WebSocketEncoder {
  /// The frame of a message, masked with what a generator makes, which nobody may foresee.
  ///
  /// Of a ping or pong at most 125 bytes are sent.
  package static func frame(
    _ message: WebSocketMessage,
    using generator: inout some RandomNumberGenerator
  ) -> [UInt8] {
    let (opcode, payload): (FrameHead.Opcode, [UInt8]) =
      switch message {
      case .text(let bytes): (.text, bytes)
      case .binary(let bytes): (.binary, bytes)
      case .ping(let bytes): (.ping, Array(bytes.prefix(FrameHead.controlMax)))
      case .pong(let bytes): (.pong, Array(bytes.prefix(FrameHead.controlMax)))
      case .close(let close): (.close, close.payload)
      }
    // Two, a length of at most eight, and the mask.
    let headMax = 14
    var frame: [UInt8] = []
    frame.reserveCapacity(headMax + payload.count)
    frame.append(0x80 | opcode.rawValue)
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<(1 << 16):
      frame.append(0x80 | 126)
      frame.append(bigEndian: UInt16(payload.count))
    default:
      frame.append(0x80 | 127)
      frame.append(bigEndian: UInt64(payload.count))
    }
    let mask: UInt32 = generator.next()
    frame.append(bigEndian: mask)
    var shift: UInt32 = 24
    for byte in payload {
      frame.append(byte ^ UInt8(truncatingIfNeeded: mask >> shift))
      shift = (shift &- 8) & 31
    }
    return frame
  }
}

extension Array<UInt8> {
  /// Adds a number, the highest byte first.
  mutating func append(bigEndian number: some FixedWidthInteger) {
    for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
