internal import CEnvelope
internal import Glibc

/// An envelope between arriving and leaving: the sender's fields as they lie in the receive buffer, the host's put over them, and the
/// result composed into one piece of memory.
///
/// One of these is made per host and used for every envelope, so that routing allocates nothing. It belongs to the loop's thread. The bytes
/// that it refers to must stay until `compose` has returned.
@safe
final class EnvelopeStamp {
  /// What is wrong with an incoming envelope.
  struct Malformed: Error {
    let description: String
  }

  /// The numbers of the envelope.
  var head = envelope_head()
  private let fields: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>
  private(set) var payload = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  private let output: UnsafeMutableRawBufferPointer
  /// Bytes of the largest envelope: ENVELOPE_SIZE_MAX, which is not a literal.
  private static let sizeMax =
    Int(ENVELOPE_HEAD_SIZE) + 14 * Int(ENVELOPE_FIELD_MAX) + Int(ENVELOPE_MODELS_MAX) + Int(ENVELOPE_PAYLOAD_MAX)

  init() {
    unsafe fields = .allocate(capacity: Int(ENVELOPE_FIELDS))
    unsafe fields.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
    unsafe output = .allocate(byteCount: Self.sizeMax, alignment: 16)
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
    let status = unsafe envelope_check(base, UInt64(bytes.count), &head)
    guard status == ENVELOPE_OK else { throw Malformed(description: Self.text(of: status)) }
    var offset = Int(ENVELOPE_HEAD_SIZE)
    for index in 0..<Int(ENVELOPE_FIELDS) {
      let length = Int(Self.length(of: index, in: head))
      let field = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
      unsafe fields[index] = field
      offset += length
      guard unsafe length == 0 || envelope_is_utf8(base + (offset - length), UInt64(length)) != 0 else {
        throw Malformed(description: Self.text(of: ENVELOPE_NOT_UTF8))
      }
    }
    unsafe payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(head.payload)])
  }

  /// Begins an envelope that has nothing yet.
  func clear() {
    head = envelope_head()
    unsafe fields.update(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
    unsafe payload = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// One of the text fields, ENVELOPE_….
  subscript(field: Int32) -> UnsafeRawBufferPointer {
    get { unsafe fields[Int(field)] }
    set { unsafe fields[Int(field)] = newValue }
  }

  /// Replaces the payload.
  func setPayload(_ bytes: UnsafeRawBufferPointer) {
    unsafe payload = unsafe bytes
  }

  /// Copies a field out as text.
  func text(_ field: Int32) -> String {
    unsafe String(decoding: fields[Int(field)], as: UTF8.self)
  }

  /// Puts the envelope together; the result is valid until the next call.
  func compose() -> UnsafeRawBufferPointer {
    guard let base = unsafe output.baseAddress else { return unsafe UnsafeRawBufferPointer(output) }
    var offset = Int(ENVELOPE_HEAD_SIZE)
    unsafe withUnsafeMutableBytes(of: &head.length) { lengths in
      let lengths = unsafe lengths.assumingMemoryBound(to: UInt16.self)
      for index in 0..<Int(ENVELOPE_FIELDS) {
        let field = unsafe fields[index]
        unsafe lengths[index] = UInt16(truncatingIfNeeded: field.count)
        guard let source = field.baseAddress else { continue }
        unsafe memcpy(base + offset, source, field.count)
        offset += field.count
      }
    }
    if let source = unsafe payload.baseAddress {
      unsafe memcpy(base + offset, source, payload.count)
      unsafe offset += payload.count
    }
    head.version = UInt16(ENVELOPE_LAYOUT_VERSION)
    head.size = UInt32(offset)
    head.payload = unsafe UInt32(payload.count)
    unsafe memcpy(base, &head, Int(ENVELOPE_HEAD_SIZE))
    return unsafe UnsafeRawBufferPointer(start: base, count: offset)
  }

  private static func length(of index: Int, in head: borrowing envelope_head) -> UInt16 {
    unsafe withUnsafeBytes(of: head.length) { unsafe $0.load(fromByteOffset: index * 2, as: UInt16.self) }
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
