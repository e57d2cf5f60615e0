/// The reason why some bytes are not an envelope, or an envelope does not fit its binary layout.
public enum EnvelopeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Fewer bytes than the head has.
  case truncated(size: Int)
  /// A layout that this build does not know.
  case badVersion(UInt16)
  /// The size that the head states, or the sum of its lengths, is not the size that is there.
  case badSize(stated: Int, found: Int)
  /// A text field over its limit, in bytes.
  case fieldTooLong(field: String, size: Int, limit: Int)
  /// A payload over its limit, in bytes.
  case payloadTooLong(size: Int)
  /// An origin that is none of live, backfill and replay.
  case badOrigin(UInt8)
  /// Flags that are not one of event, request, response and error response.
  case badFlags(UInt8)
  /// A text field that is not UTF-8.
  case notUTF8(field: String)
  /// A reserved byte of the head that is not zero.
  case reservedNotZero

  /// The message for people.
  public var description: String {
    switch self {
    case .truncated(let size):
      "envelope: expected a head of \(Envelope.headSize) bytes, found \(size) bytes"
    case .badVersion(let version):
      "envelope: expected layout version \(Envelope.layoutVersion), found \(version)"
    case .badSize(let stated, let found):
      "envelope: expected \(stated) bytes as its head states, found \(found)"
    case .fieldTooLong(let field, let size, let limit):
      "envelope.\(field): expected at most \(limit) bytes, found \(size)"
    case .payloadTooLong(let size):
      "envelope.payload: expected at most \(Envelope.payloadMax) bytes, found \(size)"
    case .badOrigin(let origin):
      "envelope.origin: expected 0, 1 or 2, found \(origin)"
    case .badFlags(let flags):
      "envelope.flags: expected 0 (event), 1 (request), 2 (response) or 6 (error response), found \(flags)"
    case .notUTF8(let field):
      "envelope.\(field): expected UTF-8, found other bytes"
    case .reservedNotZero:
      "envelope: expected zero in the reserved bytes of the head, found other bits"
    }
  }
}
