internal import CEnvelope
internal import Envelope

/// Where the parts of a recorded envelope lie, counted from its first byte.
struct RecordLayout {
  /// The text fields, in the order of ENVELOPE_….
  let fields: [Range<Int>]
  let payload: Range<Int>

  /// Nil: the bytes are no envelope.
  init?(_ bytes: [UInt8]) {
    var head = envelope_head()
    guard unsafe envelope_check(bytes, UInt64(bytes.count), &head) == ENVELOPE_OK else { return nil }
    var end = Int(ENVELOPE_HEAD_SIZE)
    fields = unsafe withUnsafeBytes(of: head.length) { lengths in
      unsafe lengths.bindMemory(to: UInt16.self).map { length in
        defer { end += Int(length) }
        return end..<end + Int(length)
      }
    }
    payload = end..<end + Int(head.payload)
  }

  subscript(field: Int32) -> Range<Int> { fields[Int(field)] }
}

/// What is left of a record that was erased: its head, whose it was and its lengths, so that nothing around it moves.
enum ErasedRecord {
  /// The topic, under which nobody is given anything.
  static let topic = "promethean.sys.journal.erased"
  /// What stays as it was, as long as it names nobody: of what kind it was.
  private static let kept: Set<Int32> = [ENVELOPE_TOPIC, ENVELOPE_INTENT, ENVELOPE_CONTENT_TYPE]
  /// What stands in place of a text.
  private static let blank = UInt8(ascii: "-")

  /// Has a record go to nobody; everything else stays.
  static func unaddress(_ bytes: inout [UInt8], _ layout: RecordLayout) {
    let place = layout[ENVELOPE_TOPIC]
    fill(&bytes, place)
    // A shorter one is none at all with what stands there now, which goes to nobody either.
    if place.count >= topic.utf8.count {
      bytes.replaceSubrange(place.prefix(topic.utf8.count), with: topic.utf8)
    }
  }

  /// Erases a record.
  static func erase(_ bytes: inout [UInt8], _ layout: RecordLayout, isNamed: (Range<Int>) -> Bool) {
    // What stands before these is of the host's own words: who sent it, and for whom.
    let named = layout.fields.indices.dropFirst(Int(ENVELOPE_REPLY)).filter {
      !kept.contains(Int32($0)) || isNamed(layout.fields[$0])
    }
    for field in named { fill(&bytes, layout.fields[field]) }
    unaddress(&bytes, layout)
    // Valid JSON of the same length.
    for index in layout.payload { bytes[index] = UInt8(ascii: " ") }
    if layout.payload.count >= 2 { bytes.replaceSubrange(layout.payload.prefix(2), with: "{}".utf8) }
  }

  private static func fill(_ bytes: inout [UInt8], _ place: Range<Int>) {
    for index in place { bytes[index] = blank }
  }
}
