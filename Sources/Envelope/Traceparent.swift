/// The W3C trace context of an envelope: which trace it belongs to, and which span it was sent in.
public struct Traceparent: Sendable, Hashable, CustomStringConvertible {
  private let traceHigh: UInt64
  private let traceLow: UInt64
  private let span: UInt64
  private let flags: UInt8

  /// Whether the trace is recorded.
  public var isSampled: Bool { flags & 1 == 1 }
  /// The trace's id: 32 hexadecimal digits.
  public var traceID: String { Self.hex(traceHigh, digits: 16) + Self.hex(traceLow, digits: 16) }
  /// The span's id: 16 hexadecimal digits.
  public var spanID: String { Self.hex(span, digits: 16) }

  /// Begins a trace that is recorded.
  public static func begin() -> Traceparent {
    Traceparent(traceHigh: randomID(), traceLow: randomID(), span: randomID(), flags: 1)
  }

  /// Returns a new span of the same trace.
  public func child() -> Traceparent {
    Traceparent(traceHigh: traceHigh, traceLow: traceLow, span: Self.randomID(), flags: flags)
  }

  /// The context as text, always of version 00.
  public var description: String { "00-\(traceID)-\(spanID)-\(Self.hex(UInt64(flags), digits: 2))" }

  private init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
    (self.traceHigh, self.traceLow, self.span, self.flags) = (traceHigh, traceLow, span, flags)
  }

  /// A random number that is not zero, which would be no id.
  private static func randomID() -> UInt64 { .random(in: 1 ... .max) }
}

// MARK: - Text

extension Traceparent {
  /// The size of version 00, and of what a later version begins with, in bytes.
  private static let size = 55

  /// Creates a trace context from text, or nil when it is none by the W3C's rules.
  ///
  /// Of a version above 00 the part that version 00 has is read, as they ask.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= Self.size, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
      let version = Self.number(bytes[0..<2]), version < 0xFF,
      bytes.count == Self.size || version > 0 && bytes[Self.size] == Self.dash,
      let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high | low != 0,
      let span = Self.number(bytes[36..<52]), span != 0,
      let flags = Self.number(bytes[53..<55])
    else { return nil }
    // Version 00 defines one bit; others must not be passed on.
    self.init(traceHigh: high, traceLow: low, span: span, flags: UInt8(flags & 1))
  }

  private static let dash = UInt8(ascii: "-")

  /// The number of lower-case hexadecimal digits, or nil when a byte is none.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for byte in digits {
      guard let digit = Hex.value(byte), byte < UInt8(ascii: "A") || byte > UInt8(ascii: "F") else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  private static func hex(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }
}
