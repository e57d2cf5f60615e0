internal import PluginKit
internal import ProviderKit

/// A submission, comment or private message, as far as any provider's messages have the same.
struct Thing {
  /// Whether what somebody wrote is still there.
  enum Standing: Equatable {
    case present
    /// Its author has taken it back.
    case deleted
    /// A moderator, or Reddit, has.
    case removed
  }

  let name: Fullname
  /// The subreddit it is in, as Reddit writes it; nil: a private message.
  let subreddit: String?
  /// Who has written it; nil: nobody is known to have.
  let author: String?
  /// Who the other side of a private message is.
  let partner: String?
  /// The submission that it belongs to, or the first message of its conversation.
  let thread: Fullname?
  /// What it answers.
  let parent: Fullname?
  /// What it says, in markdown: of a submission the title, and below an empty line what it says or where it links to.
  let text: String
  let media: [Media]
  let created: Timestamp
  /// When it was edited last; nil if it never was, or nobody knows when.
  let edited: Timestamp?
  let standing: Standing
  /// As Reddit told it.
  let json: JSONObject

  /// Reads a thing.
  ///
  /// - Throws: Which field is not as it should be.
  init(_ thing: JSON) throws(ProviderError) {
    let kind = thing["kind"]?.stringValue ?? ""
    guard let data = thing["data"]?.objectValue else {
      throw ProviderError("expected a thing of Reddit's with data, found \(thing.summary)")
    }
    let reader = ThingReader(data)
    guard let type = Fullname.Kind(rawValue: kind), let id = data["id"]?.stringValue, Fullname.isID(id) else {
      throw ProviderError("kind, id: expected t1, t3 or t4 and an id in base 36, found \(kind.prefix(16))")
    }
    name = Fullname(type, id)
    json = data
    created = try reader.time("created_utc")
    edited = try? reader.time("edited")
    subreddit = reader.text("subreddit")
    author = reader.author
    partner = type == .message ? reader.partner : nil
    switch type {
    case .submission:
      (thread, parent) = (name, nil)
      media = Media.of(data)
      text = reader.submissionText(isMedia: !media.isEmpty)
    case .comment:
      thread = reader.name("link_id") ?? reader.threadOfContext
      parent = reader.name("parent_id")
      media = []
      text = reader.text("body") ?? ""
    case .message:
      thread = reader.name("first_message_name") ?? name
      parent = reader.name("parent_id")
      media = []
      text = reader.text("body") ?? ""
    }
    standing = reader.standing(type)
  }
}

/// The fields of a thing.
struct ThingReader {
  private let data: JSONObject

  init(_ data: JSONObject) {
    self.data = data
  }

  /// A text that is not empty.
  func text(_ key: String) -> String? {
    guard let text = data[key]?.stringValue, !text.isEmpty else { return nil }
    return text
  }

  func name(_ key: String) -> Fullname? { text(key).flatMap { Fullname($0) } }

  /// A time in seconds since 1970.
  func time(_ key: String) throws(ProviderError) -> Timestamp {
    // Whoever has more than this is no clock: the year 2262.
    let secondsMax = 9_000_000_000.0
    guard let seconds = data[key]?.doubleValue, seconds > 0, seconds < secondsMax else {
      throw ProviderError("\(key): expected a time in seconds since 1970, found \(data[key]?.summary ?? "nothing")")
    }
    return Timestamp(nanoseconds: Int64(seconds * 1000) * 1_000_000)
  }

  var author: String? { text("author").flatMap { $0 == Account.nobody ? nil : $0 } }

  /// Whom the account writes with: the author, unless that is the account.
  var partner: String? {
    let (author, dest) = (author, text("dest"))
    // Of what it sent itself, Reddit says no subject of a context and lists it as not new from the author.
    return data["was_sent"]?.boolValue == true ? dest : author ?? dest
  }

  /// The submission that the link to a comment in an inbox leads to: `/r/SUB/comments/ID/…`.
  var threadOfContext: Fullname? {
    let parts = text("context")?.split(separator: "/") ?? []
    guard let place = parts.firstIndex(of: "comments"), place + 1 < parts.count, Fullname.isID(parts[place + 1]) else {
      return nil
    }
    return Fullname(.submission, String(parts[place + 1]))
  }

  /// The title, and what the author wrote or where it links to.
  func submissionText(isMedia: Bool) -> String {
    let title = text("title") ?? ""
    if let body = text("selftext") { return title.isEmpty ? body : "\(title)\n\n\(body)" }
    let isLink = data["is_self"]?.boolValue == false && data["crosspost_parent"]?.stringValue == nil && !isMedia
    guard isLink, let url = text("url_overridden_by_dest") ?? text("url") else { return title }
    return title.isEmpty ? url : "\(title)\n\n\(url)"
  }

  /// Whether what was written is still there.
  ///
  /// Reddit writes `[deleted]` and `[removed]` where the text was. A text that stays while its author is gone is of
  /// somebody who was suspended, or has left.
  func standing(_ kind: Fullname.Kind) -> Thing.Standing {
    let body = data[kind == .submission ? "selftext" : "body"]?.stringValue
    switch (body, author) {
    case ("[removed]", _): return .removed
    case ("[deleted]", nil): return .deleted
    // A link has no text: its author is taken away, and who did it may be told.
    case (_, nil) where kind == .submission && body?.isEmpty != false:
      return text("removed_by_category").map { $0 == "deleted" ? .deleted : .removed } ?? .deleted
    default: return .present
    }
  }
}
