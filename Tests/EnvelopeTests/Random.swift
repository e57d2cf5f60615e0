import Envelope
import TestSupport

extension SeededRandom {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func bytes(count: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// Text of at most `limit` bytes, with characters of every width and with what JSON must escape.
  mutating func text(limit: Int) -> String {
    let alphabet: [Unicode.Scalar] = [
      "a", "Z", "0", ".", ":", " ", "%", "\"", "\\", "/", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "ß", "\u{301}", "—",
      "\u{FFFD}", "\u{FEFF}", "日", "🦆", "\u{10FFFF}",
    ]
    var text = ""
    let size = chance(5) ? limit : Int.random(in: 0...min(limit, 40), using: &self)
    while let scalar = alphabet.randomElement(using: &self), text.utf8.count + 4 <= size {
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  mutating func integer() -> Int64 {
    let edges: [Int64] = [0, 1, -1, .min, .max, 999_999_999, -1_000_000_001]
    return chance(30) ? edges.randomElement(using: &self) ?? 0 : Int64.random(in: .min ... .max, using: &self)
  }

  mutating func json(depth: Int = 4) -> JSON {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
    case 0: return nil
    case 1: return .bool(Bool.random(using: &self))
    case 2: return .int(integer())
    case 3: return .double(Double(bitPattern: UInt64.random(in: 0..<0x7FF0_0000_0000_0000, using: &self)))
    case 4, 5: return .string(text(limit: 40))
    case 6: return .array((0..<Int.random(in: 0...4, using: &self)).map { _ in json(depth: depth - 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...4, using: &self) { object[text(limit: 12)] = json(depth: depth - 1) }
      return .object(object)
    }
  }

  mutating func envelope() -> Envelope {
    var envelope = Envelope()
    for field in Envelope.textFields where chance(70) { envelope[keyPath: field] = text(limit: 200) }
    if chance(50) { envelope.topic = "promethean.p.echo.t.demo.events.SocialMessageCreated" }
    if chance(30) { envelope.models = text(limit: Envelope.modelsMax) }
    envelope.ts = integer()
    envelope.deadline = integer()
    envelope.attempt = UInt32.random(in: 0 ... .max, using: &self)
    envelope.hops = UInt32.random(in: 0 ... .max, using: &self)
    envelope.origin = Envelope.Origin.allCases.randomElement(using: &self) ?? .live
    envelope.flags = [[], .request, .response, [.response, .error]].randomElement(using: &self) ?? []
    envelope.payload = bytes(count: 0...(chance(2) ? Envelope.payloadMax : 300))
    return envelope
  }
}

extension Envelope {
  /// The text fields in the order of the binary layout.
  static var textFields: [WritableKeyPath<Envelope, String>] {
    [
      \.src, \.provider, \.tenant, \.reply, \.topic, \.id, \.intent, \.key, \.trace, \.corr, \.contentType, \.resource,
      \.build, \.models, \.configRev,
    ]
  }

  /// Whether two envelopes are the same byte for byte, which `==` does not say of text.
  func isIdentical(to other: Envelope) -> Bool {
    self == other && Self.textFields.allSatisfy { self[keyPath: $0].utf8.elementsEqual(other[keyPath: $0].utf8) }
  }
}
