extension [UInt8] {
  /// Appends text in quotes, with no more escapes than there must be.
  mutating func appendJSON(_ text: String) {
    append(UInt8(ascii: "\""))
    let span = text.utf8Span.span
    var start = 0
    for offset in span.indices where Self.mustEscape(span[offset]) {
      append(span, start..<offset)
      appendEscape(of: span[offset])
      start = offset + 1
    }
    append(span, start..<span.count)
    append(UInt8(ascii: "\""))
  }

  private mutating func append(_ span: Span<UInt8>, _ range: Range<Int>) {
    unsafe span.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  @inline(__always)
  private static func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func appendEscape(of byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): self += "\\\"".utf8
    case UInt8(ascii: "\\"): self += "\\\\".utf8
    case 0x08: self += "\\b".utf8
    case 0x0C: self += "\\f".utf8
    case 0x0A: self += "\\n".utf8
    case 0x0D: self += "\\r".utf8
    case 0x09: self += "\\t".utf8
    default:
      self += (byte < 0x10 ? "\\u000" : "\\u00").utf8
      self += String(byte, radix: 16).utf8
    }
  }
}
