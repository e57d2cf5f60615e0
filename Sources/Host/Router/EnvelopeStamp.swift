internal import CEnvelope

/// An envelope between arriving and leaving: the sender's fields as they lie in the receive buffer, the host's put over
/// them, and the result composed into one piece of memory.
///
/// One of these is made per host and used for every envelope, so that routing allocates nothing. It belongs to the
/// loop's thread. The bytes that it refers to must stay until `compose` has returned.
@safe
final class EnvelopeStamp {
  /// What is wrong with an incoming envelope.
  struct Malformed: Error {
    let description: String
  }

  /// The numbers of the envelope.
  var head = envelope_head()
  /// What tells the envelope's trace from others, once the trace is stamped: `HopTable.identity`.
  var trace: UInt64 = 0
  /// The text fields, and behind them the payload.
  private let fields: UnsafeMutablePointer<envelope_text>
  private let output: UnsafeMutablePointer<UInt8>
  /// What `replace` has put in the place of a field.
  private var replacement: FixedBytes?
  /// Bytes of the largest envelope: ENVELOPE_SIZE_MAX, which is not a literal.
  private static let sizeMax =
    Int(ENVELOPE_HEAD_SIZE) + 14 * Int(ENVELOPE_FIELD_MAX) + Int(ENVELOPE_MODELS_MAX) + Int(ENVELOPE_PAYLOAD_MAX)

  init() {
    unsafe fields = .allocate(capacity: Int(ENVELOPE_FIELDS) + 1)
    unsafe fields.initialize(repeating: envelope_text(), count: Int(ENVELOPE_FIELDS) + 1)
    unsafe output = .allocate(capacity: Self.sizeMax)
  }

  deinit {
    unsafe fields.deallocate()
    unsafe output.deallocate()
  }

  /// Takes an envelope apart, checking all of it.
  func parse(_ bytes: UnsafeRawBufferPointer) throws(Malformed) {
    guard let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
      throw Malformed(description: "an empty frame")
    }
    let status = unsafe envelope_parse(base, UInt64(bytes.count), &head, fields)
    guard status == ENVELOPE_OK else { throw Malformed(description: Self.text(of: status)) }
  }

  /// Begins an envelope that has nothing yet.
  func clear() {
    head = envelope_head()
    unsafe fields.update(repeating: envelope_text(), count: Int(ENVELOPE_FIELDS) + 1)
  }

  /// Leaves of an answer what is its sender's to say: what it means and what it holds.
  func keepAnswer() {
    head = envelope_head()
    for field in 0..<ENVELOPE_FIELDS where field != ENVELOPE_INTENT && field != ENVELOPE_CONTENT_TYPE {
      unsafe fields[Int(field)] = unsafe envelope_text()
    }
  }

  /// One of the text fields, ENVELOPE_….
  subscript(field: Int32) -> UnsafeRawBufferPointer {
    get { unsafe UnsafeRawBufferPointer(start: fields[Int(field)].data, count: Int(fields[Int(field)].size)) }
    set {
      let base = unsafe newValue.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe fields[Int(field)] = unsafe envelope_text(data: base, size: UInt64(newValue.count))
    }
  }

  /// The payload.
  var payload: UnsafeRawBufferPointer { unsafe self[ENVELOPE_FIELDS] }

  /// Puts a text in the place of a field, until the next envelope is given another; false if it is too long.
  func replace(_ field: Int32, _ text: String) -> Bool {
    guard text.utf8.count <= ENVELOPE_FIELD_MAX else { return false }
    let bytes = FixedBytes(text)
    replacement = bytes
    unsafe self[field] = bytes.bytes
    return true
  }

  /// Replaces the payload.
  func setPayload(_ bytes: UnsafeRawBufferPointer) {
    unsafe self[ENVELOPE_FIELDS] = unsafe bytes
  }

  /// Copies a field out as text.
  func text(_ field: Int32) -> String {
    unsafe String(decoding: self[field], as: UTF8.self)
  }

  /// Puts the envelope together; the result is valid until the next call.
  func compose() -> UnsafeRawBufferPointer {
    let size = unsafe envelope_compose(fields, &head, output)
    return unsafe UnsafeRawBufferPointer(start: output, count: Int(size))
  }

  private static func text(of status: Int32) -> String {
    switch status {
    case ENVELOPE_TRUNCATED: "shorter than an envelope's head of \(ENVELOPE_HEAD_SIZE) bytes"
    case ENVELOPE_BAD_VERSION: "not of layout version \(ENVELOPE_LAYOUT_VERSION)"
    case ENVELOPE_BAD_SIZE: "its lengths do not add up to its size"
    case ENVELOPE_FIELD_TOO_LONG:
      "a text field longer than \(ENVELOPE_FIELD_MAX) bytes (models: \(ENVELOPE_MODELS_MAX))"
    case ENVELOPE_PAYLOAD_TOO_LONG: "a payload longer than \(ENVELOPE_PAYLOAD_MAX) bytes"
    case ENVELOPE_BAD_ORIGIN: "an origin that is not live, backfill or replay"
    case ENVELOPE_BAD_FLAGS: "flags that are not defined"
    case ENVELOPE_NOT_UTF8: "a text field that is not UTF-8"
    default: "reserved bytes that are not zero"
    }
  }
}
