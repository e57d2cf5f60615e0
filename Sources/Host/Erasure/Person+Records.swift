internal import CEnvelope
internal import CLinux
internal import Envelope

/// What a record has to do with somebody.
package struct Involvement: Sendable, Hashable {
  /// The message that they wrote, where the record says so.
  package var message: String?
  package var text: String?
}

extension Person {
  /// What a record has to do with them; nil: nothing.
  ///
  /// It has, if it is of the tenant and a text field or the payload names them, by URN or by id; or has a piece of one of
  /// their texts; or says `message_id` and then the id of one of their messages.
  package func involvement(in record: [UInt8]) -> Involvement? {
    guard let layout = RecordLayout(record), isOfTenant(record, layout) else { return nil }
    return unsafe record.withUnsafeBytes { bytes in
      let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[layout.payload])
      let isFound =
        unsafe needles.isFound(in: payload) || namesMessage(payload)
        || layout.fields[stamped...].contains { unsafe isNamed(UnsafeRawBufferPointer(rebasing: bytes[$0])) }
      guard isFound else { return nil }
      let intent = String(decoding: record[layout[ENVELOPE_INTENT]], as: UTF8.self)
      return unsafe authored(intent, Array(payload))
    }
  }

  /// Erases a record; false: it is nothing of theirs.
  ///
  /// `unaddressed` is the record while only its topic is gone: written first, so that nobody is given one of which half
  /// is erased, whenever the process ends.
  func erase(_ record: inout [UInt8]) -> (unaddressed: [UInt8], involvement: Involvement)? {
    guard let involvement = involvement(in: record), let layout = RecordLayout(record) else { return nil }
    var unaddressed = record
    ErasedRecord.unaddress(&unaddressed, layout)
    let before = record
    ErasedRecord.erase(&record, layout) { place in
      unsafe before.withUnsafeBytes { unsafe isNamed(UnsafeRawBufferPointer(rebasing: $0[place])) }
    }
    return (unaddressed, involvement)
  }

  /// Whether some words, such as why something failed, name them or quote them.
  func isNamed(in words: String) -> Bool {
    unsafe Array(words.utf8).withUnsafeBytes { unsafe needles.isFound(in: $0) || namesMessage($0) }
  }

  /// Whether a record is of the tenant.
  func isOfTenant(_ record: [UInt8]) -> Bool { RecordLayout(record).map { isOfTenant(record, $0) } ?? false }

  private func isOfTenant(_ record: [UInt8], _ layout: RecordLayout) -> Bool {
    record[layout[ENVELOPE_PROVIDER]].elementsEqual(provider.utf8)
      && record[layout[ENVELOPE_TENANT]].elementsEqual(tenant.utf8)
  }

  private func isNamed(_ field: UnsafeRawBufferPointer) -> Bool {
    // A short id is looked for in quotes, which no field has.
    unsafe field.elementsEqual(urn.id.utf8) || needles.isFound(in: field)
  }

  /// Whether JSON has a member `message_id` that is one of theirs.
  private func namesMessage(_ payload: UnsafeRawBufferPointer) -> Bool {
    guard !messages.isEmpty else { return false }
    var start = 0
    while start < payload.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: payload[start...])
      let found = unsafe linux_find(rest.baseAddress, rest.count, memberName, memberName.count)
      guard found >= 0 else { return false }
      start += found + memberName.count
      var at = start
      while at < payload.count, unsafe payload[at] == space || payload[at] == UInt8(ascii: ":") { at += 1 }
      guard at < payload.count, unsafe payload[at] == quote else { continue }
      // An id with an escape in it ends elsewhere; canonical ones have none.
      guard let end = unsafe payload[(at + 1)...].firstIndex(of: quote) else { return false }
      if messages.contains(unsafe String(decoding: payload[(at + 1)..<end], as: UTF8.self)) { return true }
    }
    return false
  }

  /// What a canonical payload says of a message of theirs.
  ///
  /// Of other events the author is who has done something to a message, such as reacted to it, and that is another's.
  private func authored(_ intent: String, _ payload: [UInt8]) -> Involvement {
    guard intent == SocialMessageCreated.intent || intent == SocialMessageUpdated.intent,
      let json = try? JSON.parse(payload)
    else { return Involvement() }
    let (message, author) = (json["message_id"]?.stringValue, json["author_urn"]?.stringValue)
    // An edit may not say whose it is.
    let isTheirs = author.map { $0 == urn.description } ?? message.map(messages.contains) ?? false
    guard isTheirs else { return Involvement() }
    return Involvement(message: message, text: json["text"]?.stringValue)
  }
}

/// The text fields before this one are of the host's own words, and name nobody.
private let stamped = Int(ENVELOPE_REPLY)
private let memberName = Array("\"message_id\"".utf8)
private let quote = UInt8(ascii: "\"")
private let space = UInt8(ascii: " ")
