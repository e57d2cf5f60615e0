internal import PluginKit
internal import ProviderKit

/// What makes canonical events of Reddit's things.
///
/// It is a value without any effect. Identities derive from Reddit's own, so that copies of an event are one, whichever
/// listing they came from:
/// - a thing that was written or taken back is its name;
/// - a change is the name, the time of the edit, and a digest of what it then was.
struct Normaliser: Sendable {
  let account: Account
  let allow: AllowList
  /// The revision of the configuration, which each envelope bears.
  let configRev: String

  /// The events of a thing that was not seen before: that it was written; that it was changed since, if it was; and that
  /// it is gone, if it is.
  ///
  /// None if its subreddit is not allowed.
  func created(_ thing: Thing, _ origin: Envelope.Origin, at now: Timestamp) -> [Envelope] {
    guard allow.allows(thing.subreddit), let space = space(of: thing) else { return [] }
    var event = SocialMessageCreated(
      messageID: thing.name.description,
      authorURN: author(of: thing, in: space),
      spaceURN: space,
      text: thing.text,
      createdAt: thing.created,
      provider: account.provider,
      tenant: account.tenant
    )
    event.threadID = thing.thread?.description
    event.inReplyTo = thing.parent?.description
    event.attachments = attachments(of: thing)
    var envelopes = [
      envelope(SocialMessageCreated.intent, thing.name.description, of: thing, in: space, origin) { text, payload in
        var event = event
        (event.text, event.providerPayload) = (text, payload)
        return event.json
      }
    ]
    if thing.edited != nil { envelopes += changed(thing, origin, at: now) }
    if thing.standing != .present { envelopes += gone(thing.name, in: space, origin, at: max(now, thing.created)) }
    return envelopes
  }

  /// The events of a thing that is not what it was: what it now is, or that it is gone.
  func changed(_ thing: Thing, _ origin: Envelope.Origin, at now: Timestamp) -> [Envelope] {
    guard allow.allows(thing.subreddit), let space = space(of: thing) else { return [] }
    guard thing.standing == .present else { return gone(thing.name, in: space, origin, at: max(now, thing.created)) }
    var event = SocialMessageUpdated(
      messageID: thing.name.description,
      spaceURN: space,
      editedAt: thing.edited ?? max(now, thing.created),
      provider: account.provider,
      tenant: account.tenant
    )
    event.threadID = thing.thread?.description
    event.authorURN = author(of: thing, in: space)
    event.inReplyTo = thing.parent?.description
    event.attachments = attachments(of: thing)
    event.createdAt = thing.created
    let name = "\(thing.name):\(thing.edited?.milliseconds ?? 0):\(thing.digest)"
    return [
      envelope(SocialMessageUpdated.intent, name, of: thing, in: space, origin) { text, payload in
        var event = event
        (event.text, event.providerPayload) = (text, payload)
        return event.json
      }
    ]
  }

  /// The event that a thing is not there any more.
  func gone(_ name: Fullname, in space: URN, _ origin: Envelope.Origin, at now: Timestamp) -> [Envelope] {
    let event = SocialMessageDeleted(
      messageID: name.description,
      spaceURN: space,
      deletedAt: now,
      provider: account.provider,
      tenant: account.tenant
    )
    return [
      envelope(SocialMessageDeleted.intent, name.description, in: space, origin, payload: event.json.bytes())
    ]
  }

  /// Where a thing was written: its subreddit, or the conversation with whom it was exchanged.
  func space(of thing: Thing) -> URN? {
    if let subreddit = thing.subreddit { return account.urn(.sub, subreddit) }
    return account.urn(.user, thing.partner ?? Account.nobody)
  }

  /// Of what a subreddit's moderators write together, the subreddit.
  private func author(of thing: Thing, in space: URN) -> URN {
    if let author = thing.author, let urn = account.urn(.user, author) { return urn }
    if thing.name.kind == .message, thing.subreddit != nil { return space }
    return account.urn(.user, Account.nobody) ?? space
  }

  private func attachments(of thing: Thing) -> [Attachment]? {
    guard !thing.media.isEmpty else { return nil }
    return thing.media.compactMap { media in
      account.urn(.media, media.id).map { Attachment(urn: $0, url: media.url, contentType: media.contentType) }
    }
  }
}

// MARK: - Envelopes

extension Normaliser {
  /// An envelope of a thing, with Reddit's own words if it has room for them.
  private func envelope(
    _ intent: String,
    _ name: String,
    of thing: Thing,
    in space: URN,
    _ origin: Envelope.Origin,
    _ json: (_ text: String, _ payload: JSON?) -> JSON
  ) -> Envelope {
    envelope(intent, name, in: space, origin, payload: Self.payload(thing, json))
  }

  /// The payload: Reddit's own words with it, or without what says the same in HTML, or not at all; and of a text that is
  /// longer than an envelope holds, as much as it does.
  private static func payload(_ thing: Thing, _ json: (String, JSON?) -> JSON) -> [UInt8] {
    let plain = JSONObject(
      thing.json.filter { !["body_html", "selftext_html"].contains($0.key) }.map { ($0.key, $0.value) }
    )
    for own in [thing.json, plain] {
      let bytes = json(thing.text, .object(own)).bytes()
      if bytes.count <= Envelope.payloadMax { return bytes }
    }
    let size = JSON.object(thing.json).bytes().count
    let omitted: JSON = ["omitted": ["bytes": .int(Int64(size))]]
    let bytes = json(thing.text, omitted).bytes()
    if bytes.count <= Envelope.payloadMax { return bytes }
    // A byte of text is six in JSON at most.
    let whole: JSON = ["omitted": ["bytes": .int(Int64(size)), "text_bytes": .int(Int64(thing.text.utf8.count))]]
    let room = (Envelope.payloadMax - json("", whole).bytes().count) / 6
    return json(thing.text.prefix(utf8: max(0, room)), whole).bytes()
  }

  private func envelope(
    _ intent: String,
    _ name: String,
    in space: URN,
    _ origin: Envelope.Origin,
    payload: [UInt8]
  ) -> Envelope {
    var envelope = Envelope(topic: account.topic("events", intent), intent: intent, payload: payload)
    envelope.id = account.identity(intent, name)
    envelope.key = space.description
    envelope.configRev = configRev
    envelope.origin = origin
    return envelope
  }
}

extension Thing {
  /// What tells two states of a thing apart.
  var digest: String {
    let words = [text, author ?? "", "\(standing)"] + media.map(\.id)
    return Hex.encode(SHA256.digest(Array(words.joined(separator: "\u{0}").utf8)).prefix(8))
  }
}
