internal import PluginKit

extension Normaliser {
  /// Makes the canonical events that an event means, if it means any.
  func canonical(
    _ occasion: Occasion,
    _ subject: Subject,
    _ reader: inout EventReader,
    into result: inout Normalised
  ) {
    switch occasion.event {
    case "MESSAGE_CREATE": created(occasion, subject, &reader, into: &result)
    case "MESSAGE_UPDATE": updated(occasion, subject, &reader, into: &result)
    case "MESSAGE_DELETE": deleted(occasion, subject, &reader, into: &result)
    case "MESSAGE_DELETE_BULK": deletedInBulk(occasion, subject, &reader, into: &result)
    case "MESSAGE_REACTION_ADD": reacted(occasion, subject, &reader, into: &result)
    case "MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_EMOJI", "MESSAGE_REACTION_REMOVE_ALL":
      unreacted(occasion, subject, &reader, into: &result)
    case "TYPING_START": typing(occasion, subject, &reader, into: &result)
    default: break
    }
  }

  func created(_ occasion: Occasion, _ subject: Subject, _ reader: inout EventReader, into result: inout Normalised) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let message = Message(&reader, in: channel, isThread: isThread(channel), of: account) else { return }
    guard message.author != nil else {
      if reader.data["author"] == nil { reader.report("author", expected: "an object", found: nil) }
      return
    }
    result.created = Normalised.Created(channel: message.channel, id: message.id)
    publish(SocialMessageCreated.intent, .id(message.id), of: message.channel, occasion, &reader, into: &result) {
      line in
      write(message, into: &line)
    }
  }

  /// Tells that a message is not as it was.
  ///
  /// What the event leaves out is absent, which says: as before. `edited_at` is when it was edited last by Discord's
  /// clock; of a message that never was (it was pinned, a preview of a link was found), when that was told.
  func updated(_ occasion: Occasion, _ subject: Subject, _ reader: inout EventReader, into result: inout Normalised) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let message = Message(&reader, in: channel, isThread: isThread(channel), of: account) else { return }
    let name: String
    if let edited = message.editedAt {
      name = "\(message.id):\(edited.milliseconds):\(Self.digest(message, reader.data))"
    } else {
      name = "\(message.id):\(occasion.name)"
    }
    let editedAt = message.editedAt ?? max(occasion.receivedAt, message.createdAt)
    publish(SocialMessageUpdated.intent, .text(name), of: message.channel, occasion, &reader, into: &result) { line in
      write(message, into: &line)
      line.set("edited_at", editedAt)
    }
  }

  private func write(_ message: Message, into line: inout JSONLine) {
    line.set("message_id", quoted: message.id.number)
    line.set("thread_id", quoted: message.thread?.number)
    line.set("author_urn", message.author)
    line.set("in_reply_to", quoted: message.inReplyTo?.number)
    line.set("text", raw: message.text)
    if let attachments = message.attachments {
      line.key("attachments")
      line.array { line in
        for attached in attachments {
          line.object { line in
            line.set("urn", account.attachment(attached.id))
            line.set("url", raw: attached.url)
            line.set("content_type", raw: attached.contentType)
            line.set("size", attached.size)
          }
        }
      }
    }
    line.set("created_at", message.createdAt)
  }

  /// What tells two states of a message apart: all that can change, save the URLs of files, which are signed anew each
  /// time that they are told.
  private static func digest(_ message: Message, _ data: JSONView) -> String {
    var digest = Digest()
    for key in ["content", "embeds", "components", "flags", "pinned", "poll", "sticker_items"] {
      digest.add(key.utf8)
      if let value = data[key] { digest.add(value.bytes) }
    }
    for attached in message.attachments ?? [] { digest.add(attached.id.description.utf8) }
    return digest.text
  }
}

// MARK: - Deletions

extension Normaliser {
  /// The most messages that one event deletes: ten times as many as Discord lets anybody delete at once.
  static let bulkMax = 1000

  func deleted(
    _ occasion: Occasion,
    _ subject: Subject,
    _ reader: inout EventReader,
    into result: inout Normalised
  ) {
    guard let id = reader.id("id"), let channel = subject.channel else { return missing("channel_id", &reader) }
    delete(id, in: channel, occasion, &reader, into: &result)
  }

  /// Each message is deleted on its own, and without the provider's payload, which names all the others.
  func deletedInBulk(
    _ occasion: Occasion,
    _ subject: Subject,
    _ reader: inout EventReader,
    into result: inout Normalised
  ) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let ids = reader.list(ifPresent: "ids") else { return missing("ids", &reader) }
    var alone = occasion
    alone.payload = []
    var count = 0
    for view in ids.elements {
      count += 1
      guard count <= Self.bulkMax else {
        return reader.report("ids", expected: "at most \(Self.bulkMax) ids", found: ids)
      }
      if let id = reader.id(view, "ids[]") { delete(id, in: channel, alone, &reader, into: &result) }
    }
  }

  /// Discord does not say when; it is not before the message was written, whatever the clock of this system says.
  private func delete(
    _ id: Snowflake,
    in channel: Snowflake,
    _ occasion: Occasion,
    _ reader: inout EventReader,
    into result: inout Normalised
  ) {
    let made = Timestamp(nanoseconds: id.millisecondsSince1970 * 1_000_000)
    publish(SocialMessageDeleted.intent, .id(id), of: channel, occasion, &reader, into: &result) { line in
      line.set("message_id", quoted: id.number)
      line.set("deleted_at", max(occasion.receivedAt, made))
    }
  }

  /// Reports a field that is absent, unless it was there and was reported as what it is.
  func missing(_ key: String, _ reader: inout EventReader) {
    if reader.data[key]?.isNull != false { reader.report(key, expected: "a value", found: reader.data[key]) }
  }
}
