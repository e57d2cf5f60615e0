import CEnvelope
import Envelope
import TestSupport
import Testing

@Suite("The binary layout")
struct BinaryTests {
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `any envelope comes back as it was`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<50 {
      let envelope = random.envelope()
      let bytes = try envelope.binary()
      #expect(try Envelope(binary: bytes).isIdentical(to: envelope))
      #expect(try unsafe Envelope(binary: bytes.span.bytes).isIdentical(to: envelope))
    }
  }

  @Test func `an envelope at every limit comes back`() throws {
    var envelope = Envelope(payload: [UInt8](repeating: 7, count: Envelope.payloadMax))
    for field in Envelope.textFields { envelope[keyPath: field] = String(repeating: "x", count: Envelope.fieldMax) }
    envelope.models = String(repeating: "y", count: Envelope.modelsMax)
    let bytes = try envelope.binary()
    #expect(bytes.count == Envelope.headSize + 14 * Envelope.fieldMax + Envelope.modelsMax + Envelope.payloadMax)
    #expect(try Envelope(binary: bytes) == envelope)
  }

  @Test func `an empty envelope is a head alone`() throws {
    #expect(try Envelope().binary() == [72, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 67))
    #expect(try Envelope(binary: Envelope().binary()) == Envelope())
  }

  @Test func `the bytes are those of the layout`() throws {
    #expect(try golden.binary() == goldenBytes)
    #expect(try Envelope(binary: goldenBytes).isIdentical(to: golden))
  }

  @Test func `a cut at any byte is refused`() throws {
    for size in 0..<goldenBytes.count {
      let expected: EnvelopeError =
        size < Envelope.headSize ? .truncated(size: size) : .badSize(stated: goldenBytes.count, found: size)
      #expect(throws: expected) { try Envelope(binary: Array(goldenBytes[..<size])) }
    }
  }

  @Test func `a byte too many is refused`() {
    #expect(throws: EnvelopeError.badSize(stated: goldenBytes.count, found: goldenBytes.count + 1)) {
      try Envelope(binary: goldenBytes + [0])
    }
  }

  @Test(arguments: [
    Broken("version", at: 4, [2, 0], .badVersion(2)),
    Broken("size", at: 0, [73, 0, 0, 0], .badSize(stated: 73, found: goldenBytes.count)),
    Broken("sum of the lengths", at: 32, [6, 0], .badSize(stated: goldenBytes.count + 1, found: goldenBytes.count)),
    Broken("length of src", at: 32, [1, 4], .fieldTooLong(field: "src", size: 1025, limit: 1024)),
    Broken("length of models", at: 58, [1, 16], .fieldTooLong(field: "models", size: 4097, limit: 4096)),
    Broken("length of config_rev", at: 60, [255, 255], .fieldTooLong(field: "config_rev", size: 65535, limit: 1024)),
    Broken("length of the payload", at: 64, [1, 0, 1, 0], .payloadTooLong(size: 65537)),
    Broken("greatest length of the payload", at: 64, [255, 255, 255, 255], .payloadTooLong(size: 4_294_967_295)),
    Broken("origin", at: 6, [3], .badOrigin(3)),
    Broken("error without response", at: 7, [4], .badFlags(4)),
    Broken("request and response", at: 7, [3], .badFlags(3)),
    Broken("unknown flag", at: 7, [8], .badFlags(8)),
    Broken("first reserved bytes", at: 62, [1], .reservedNotZero),
    Broken("last reserved bytes", at: 71, [1], .reservedNotZero),
    Broken("encoding of src", at: 72, [0xFF], .notUTF8(field: "src")),
    Broken("encoding of config_rev", at: goldenBytes.count - 6, [0xC3], .notUTF8(field: "config_rev")),
  ])
  func `a wrong field is refused`(broken: Broken) {
    #expect(throws: broken.error) { try Envelope(binary: broken.bytes) }
    #expect(broken.error.description.contains("expected"))
  }

  @Test func `a character may not lie across two fields`() throws {
    var envelope = Envelope()
    envelope.src = "é"
    var bytes = try envelope.binary()
    (bytes[32], bytes[34]) = (1, 1)
    #expect(throws: EnvelopeError.notUTF8(field: "src")) { try Envelope(binary: bytes) }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `garbage never passes for more than it is`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<500 {
      var bytes = random.chance(50) ? random.bytes(count: 0...200) : goldenBytes
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // What is read at all must be exactly what the bytes say.
      if let envelope = try? Envelope(binary: bytes) { #expect(try envelope.binary() == bytes) }
    }
  }

  @Test(
    arguments: zip(
      Envelope.textFields.indices,
      [
        "src", "provider", "tenant", "reply", "topic", "id", "intent", "key", "trace", "corr", "content_type",
        "resource", "build", "models", "config_rev",
      ]
    )
  )
  func `a field over its limit is not written`(field: Int, name: String) {
    let limit = name == "models" ? 4096 : 1024
    var envelope = Envelope()
    envelope[keyPath: Envelope.textFields[field]] = String(repeating: "é", count: limit / 2) + "x"
    #expect(throws: EnvelopeError.fieldTooLong(field: name, size: limit + 1, limit: limit)) { try envelope.binary() }
  }

  @Test func `a payload over its limit is not written`() {
    let envelope = Envelope(payload: [UInt8](repeating: 0, count: Envelope.payloadMax + 1))
    #expect(throws: EnvelopeError.payloadTooLong(size: 65537)) { try envelope.binary() }
  }

  @Test(arguments: [3, 4, 5, 7, 8, 255] as [UInt8])
  func `flags that mean nothing are not written`(flags: UInt8) {
    var envelope = Envelope()
    envelope.flags = Envelope.Flags(rawValue: flags)
    #expect(throws: EnvelopeError.badFlags(flags)) { try envelope.binary() }
  }

  @Test func `text is UTF-8 for C when it is for Swift`() {
    var random = SeededRandom(seed: 8)
    let leads: [UInt8] = [
      0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0x9F, 0xA0, 0x8F,
    ]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in leads.randomElement(using: &random) ?? 0 }
      let isText = String(validating: bytes, as: UTF8.self) != nil
      #expect(unsafe (envelope_is_utf8(bytes, UInt64(bytes.count)) != 0) == isText)
    }
  }
}

/// The golden bytes with some of them replaced, and what is then wrong.
struct Broken: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let bytes: [UInt8]
  let error: EnvelopeError

  init(_ what: String, at offset: Int, _ replacement: [UInt8], _ error: EnvelopeError) {
    var bytes = goldenBytes
    bytes.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    (testDescription, self.bytes, self.error) = (what, bytes, error)
  }
}

/// An envelope with every field set to something else.
let golden: Envelope = {
  var envelope = Envelope(topic: "promethean.sys.x.y", intent: "Ping", payload: [0, 1, 254, 255])
  envelope.src = "plug1"
  envelope.provider = "echo"
  envelope.tenant = "demo"
  envelope.reply = "r"
  envelope.id = "id-1"
  envelope.key = "k"
  envelope.trace = "t"
  envelope.corr = "c"
  envelope.contentType = "a/b"
  envelope.resource = "é"
  envelope.build = "b"
  envelope.models = "[]"
  envelope.configRev = "r1"
  envelope.ts = 0x0102_0304_0506_0708
  envelope.deadline = -1
  envelope.attempt = 3
  envelope.hops = 0x8000_0001
  envelope.origin = .replay
  envelope.flags = [.response, .error]
  return envelope
}()

let goldenBytes: [UInt8] =
  [129, 0, 0, 0, 1, 0, 2, 6]
  + [8, 7, 6, 5, 4, 3, 2, 1]
  + [255, 255, 255, 255, 255, 255, 255, 255]
  + [3, 0, 0, 0, 1, 0, 0, 128]
  + [5, 0, 4, 0, 4, 0, 1, 0, 18, 0, 4, 0, 4, 0, 1, 0, 1, 0, 1, 0, 3, 0, 2, 0, 1, 0, 2, 0, 2, 0]
  + [0, 0]
  + [4, 0, 0, 0, 0, 0, 0, 0]
  + Array("plug1echodemorpromethean.sys.x.yid-1Pingktca/béb[]r1".utf8)
  + [0, 1, 254, 255]
