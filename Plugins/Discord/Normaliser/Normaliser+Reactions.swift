internal import PluginKit

extension Normaliser {
  func reacted(_ occasion: Occasion, _ subject: Subject, _ reader: inout EventReader, into result: inout Normalised) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let message = reader.id("message_id"), let user = reader.id("user_id"),
      let reaction = Self.reaction(&reader)
    else { return }
    publish(SocialReactionAdded.intent, .text(occasion.name), of: channel, occasion, &reader, into: &result) { line in
      line.set("message_id", quoted: message.number)
      line.set("thread_id", thread(channel))
      line.set("author_urn", account.user(user))
      line.set("reaction", reaction)
      line.set("created_at", occasion.receivedAt)
    }
  }

  /// One is gone, or all of an emoji, or all of a message: the name of the event says which.
  func unreacted(_ occasion: Occasion, _ subject: Subject, _ reader: inout EventReader, into result: inout Normalised) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let message = reader.id("message_id") else { return }
    var (user, reaction): (Snowflake?, String?) = (nil, nil)
    if occasion.event == "MESSAGE_REACTION_REMOVE" {
      user = reader.id("user_id")
      guard user != nil else { return }
    }
    if occasion.event != "MESSAGE_REACTION_REMOVE_ALL" {
      reaction = Self.reaction(&reader)
      guard reaction != nil else { return }
    }
    publish(SocialReactionRemoved.intent, .text(occasion.name), of: channel, occasion, &reader, into: &result) { line in
      line.set("message_id", quoted: message.number)
      line.set("thread_id", thread(channel))
      line.set("author_urn", user.map(account.user))
      line.set("reaction", reaction)
      line.set("deleted_at", occasion.receivedAt)
    }
  }

  /// An emoji as the REST API takes it: itself, or `name:id` of a guild's own, whose name is `_` once it is deleted.
  private static func reaction(_ reader: inout EventReader) -> String? {
    let emoji = reader.data["emoji"]
    let name = emoji?["name"].flatMap { $0.string }.flatMap { $0.isEmpty ? nil : $0 }
    if let view = emoji?["id"], !view.isNull {
      return reader.id(view, "emoji.id").map { "\(name ?? "_"):\($0)" }
    }
    if name == nil { reader.report("emoji.name", expected: "an emoji", found: emoji?["name"]) }
    return name
  }

  /// Tells that somebody writes.
  func typing(_ occasion: Occasion, _ subject: Subject, _ reader: inout EventReader, into result: inout Normalised) {
    guard let channel = subject.channel else { return missing("channel_id", &reader) }
    guard let user = reader.id("user_id") else { return }
    let startedAt = Self.seconds(reader.data["timestamp"]) ?? occasion.receivedAt
    publish(SocialTyping.intent, .text(occasion.name), of: channel, occasion, &reader, into: &result) { line in
      line.set("thread_id", thread(channel))
      line.set("author_urn", account.user(user))
      line.set("started_at", startedAt)
    }
  }

  private static func seconds(_ view: JSONView?) -> Timestamp? {
    guard let seconds = view?.int else { return nil }
    let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? nil : Timestamp(nanoseconds: nanoseconds)
  }

  private func thread(_ channel: Snowflake) -> String? { isThread(channel) ? channel.description : nil }
}
