import CEnvelope
import Envelope
import FuzzRunner

@testable import Host

/// All readers of the binary layout agree, and what one has read it writes again byte for byte.
enum EnvelopeFuzzer {
  /// Room for the largest envelope.
  private static let sizeMax = Envelope.headSize + 14 * Envelope.fieldMax + Envelope.modelsMax + Envelope.payloadMax

  static func run(_ bytes: [UInt8]) throws {
    let (status, composed) = parsedByC(bytes)
    let envelope: Envelope
    do {
      envelope = try Envelope(binary: bytes)
    } catch {
      try hold(status != ENVELOPE_OK, "C accepts what Swift refuses: \(error)")
      try hold(error.description.hasPrefix("envelope"), "an error without a place: \(error)")
      return
    }
    try hold(status == ENVELOPE_OK, "Swift accepts what C refuses with \(status)")
    try hold(composed == bytes, "C composes another envelope than it parsed")
    try hold(try envelope.binary() == bytes, "Swift writes another envelope than it read")
    try hold(throughRunner(bytes) == bytes, "the runner writes another envelope than it read")
    try hold(throughStamp(bytes) == bytes, "the router composes another envelope than it parsed")
    try comesBack(envelope)
  }

  /// An envelope is the same after a journey as CloudEvents text.
  static func comesBack(_ envelope: Envelope) throws {
    let text = envelope.cloudEvent.text
    let json: JSON
    do { json = try JSON.parse(text) } catch { throw Finding(description: "our CloudEvent is no JSON: \(error)") }
    var back: Envelope
    do { back = try Envelope(cloudEvent: json) } catch {
      throw Finding(description: "our CloudEvent is refused: \(error) in \(text.prefix(500))")
    }
    // Of a payload that is JSON the meaning is kept, and not the spaces.
    if back.payload != envelope.payload {
      try hold(
        try JSON.parse(back.payload) == JSON.parse(envelope.payload),
        "a payload that comes back as another: \(text.prefix(500))"
      )
      back.payload = envelope.payload
    }
    try hold(try back.binary() == envelope.binary(), "a CloudEvent that comes back as another: \(text.prefix(500))")
  }

  private static func parsedByC(_ bytes: [UInt8]) -> (status: Int32, composed: [UInt8]) {
    var head = envelope_head()
    var fields = unsafe [envelope_text](repeating: envelope_text(), count: Int(ENVELOPE_FIELDS) + 1)
    let status = unsafe envelope_parse(bytes, UInt64(bytes.count), &head, &fields)
    guard status == ENVELOPE_OK else { return (status, []) }
    var composed = [UInt8](repeating: 0, count: sizeMax)
    let size = unsafe envelope_compose(fields, &head, &composed)
    return (status, Array(composed.prefix(Int(size))))
  }

  private static func throughRunner(_ bytes: [UInt8]) -> [UInt8] {
    var again = [UInt8](repeating: 0, count: sizeMax)
    let size = unsafe fuzz_runner_again(bytes, UInt64(bytes.count), &again)
    return Array(again.prefix(Int(size)))
  }

  private static func throughStamp(_ bytes: [UInt8]) -> [UInt8] {
    let stamp = EnvelopeStamp()
    return unsafe bytes.withUnsafeBytes { bytes in
      guard unsafe (try? stamp.parse(bytes)) != nil else { return [] }
      return unsafe [UInt8](stamp.compose())
    }
  }
}

/// What is read from JSON is the same after it was written and read again, as JSON and as an envelope.
enum CloudEventsFuzzer {
  static func run(_ bytes: [UInt8]) throws {
    let json: JSON
    do { json = try JSON.parse(bytes) } catch {
      return try hold(error.description.contains("expected"), "an error that expects nothing: \(error)")
    }
    let text = json.text
    do {
      try hold(try JSON.parse(text).text == text, "JSON that is written in two ways: \(text.prefix(500))")
    } catch let error as JSONError {
      throw Finding(description: "our JSON is refused: \(error) in \(text.prefix(500))")
    }
    let envelope: Envelope
    do { envelope = try Envelope(cloudEvent: json) } catch {
      return try hold(error.description.contains(": expected"), "an error without a place: \(error)")
    }
    // One that is too large for the binary layout is for its writer to refuse.
    guard (try? envelope.binary()) != nil else { return }
    try EnvelopeFuzzer.comesBack(envelope)
  }
}
