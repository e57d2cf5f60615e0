internal import PluginKit

/// A message of Discord's as far as any provider's messages have the same.
///
/// - `text` is what the author wrote, with Discord's markup for mentions. There is none where Discord itself speaks (a
///   member joined, a channel has a new name); what a forward shows is another's and stays in the provider's payload, as
///   embeds, stickers, polls, components and resolved mentions do.
/// - A thread is a channel at Discord, and so a space: who answers in the space answers in the thread. `thread_id` says
///   that it is one, by the same id.
struct Message {
  let id: Snowflake
  let channel: Snowflake
  let thread: Snowflake?
  /// The name of the user or webhook that wrote it.
  let author: NumberedName?
  let inReplyTo: Snowflake?
  /// As it is written, in quotes; nil: not told.
  let text: ArraySlice<UInt8>?
  /// Nil: not told.
  let attachments: [Attached]?
  let createdAt: Timestamp
  let editedAt: Timestamp?

  /// A file of a message, its URL and media type as they are written.
  struct Attached {
    let id: Snowflake
    let url: ArraySlice<UInt8>
    let contentType: ArraySlice<UInt8>?
    let size: Int64?
  }

  /// Reads what an event tells of a message in a channel, which may be known to be a thread; nil if it does not say which
  /// message it is.
  init?(_ reader: inout EventReader, in channel: Snowflake, isThread: Bool, of account: Account) {
    let data = reader.data
    guard let id = reader.id("id") else { return nil }
    (self.id, self.channel) = (id, channel)
    thread = isThread || Place.isThread(data["channel_type"]) ? channel : nil
    author = Self.author(&reader, account)
    inReplyTo = Self.answered(data, in: channel)
    text = Self.text(&reader)
    attachments = Self.attachments(&reader)
    // By Discord's clock either way, to the millisecond.
    let made = Timestamp(nanoseconds: id.millisecondsSince1970 * 1_000_000)
    createdAt = reader.time(ifPresent: "timestamp") ?? made
    editedAt = reader.time(ifPresent: "edited_timestamp")
  }

  /// A webhook writes under its own id.
  ///
  /// That of an application's answer may be the application's, and its author the bot.
  private static func author(_ reader: inout EventReader, _ account: Account) -> NumberedName? {
    let data = reader.data
    guard let author = data["author"], let id = reader.id(author["id"], "author.id") else { return nil }
    let webhook = data["webhook_id"].flatMap(Snowflake.init)
    let isWebhook = webhook == id && data["application_id"].flatMap(Snowflake.init) != id
    return isWebhook ? account.webhook(id) : account.user(id)
  }
}

// MARK: - What it says

extension Message {
  /// Types of messages in which Discord speaks.
  ///
  /// What it adds later is taken for somebody's, so that no text is lost.
  private static let system: Set<Int64> = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 21, 22, 24, 25, 26, 27, 28, 29, 31, 32, 36, 37, 38, 39,
    44,
    46, 55,
  ]
  /// Types of messages that answer the one they refer to: a reply, and what a command on a message led to.
  private static let answering: Set<Int64> = [19, 23]

  private static func text(_ reader: inout EventReader) -> ArraySlice<UInt8>? {
    guard let content = reader.data["content"] else { return nil }
    guard content.kind == .string else {
      reader.report("content", expected: "a string", found: content)
      return nil
    }
    return reader.data["type"]?.int.map(system.contains) == true ? nil : content.bytes
  }

  /// The message that one answers.
  ///
  /// A pin, a crosspost or a forward refers to one too, and answers none.
  private static func answered(_ data: JSONView, in channel: Snowflake) -> Snowflake? {
    guard let reference = data["message_reference"], data["type"]?.int.map(answering.contains) == true,
      reference["channel_id"].flatMap(Snowflake.init) ?? channel == channel
    else { return nil }
    return reference["message_id"].flatMap(Snowflake.init)
  }

  private static func attachments(_ reader: inout EventReader) -> [Attached]? {
    guard let list = reader.list(ifPresent: "attachments") else { return nil }
    var attachments: [Attached] = []
    for view in list.elements {
      guard let id = reader.id(view["id"], "attachments[].id") else { continue }
      guard let url = view["url"], url.kind == .string, url.range.count > 2 else {
        reader.report("attachments[].url", expected: "a URL", found: view["url"])
        continue
      }
      let type = view["content_type"].flatMap { $0.kind == .string ? $0.bytes : nil }
      let size = view["size"]?.int.flatMap { $0 >= 0 ? $0 : nil }
      attachments.append(Attached(id: id, url: url.bytes, contentType: type, size: size))
    }
    return attachments
  }
}
