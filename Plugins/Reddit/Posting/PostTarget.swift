internal import PluginKit

/// Where a wish goes.
enum PostTarget: Hashable {
  /// A new submission in a subreddit.
  case submission(String)
  /// An answer to a submission or comment, which has to be in a subreddit, if one is said.
  case answer(Fullname, subreddit: String?)
  /// A new private message to a user.
  case message(String)
  /// An answer to a private message of that user's, if one is said.
  case messageAnswer(Fullname, user: String?)

  /// Reads where a wish goes: its space, and what it answers there.
  init(_ wish: PostMessage, for account: Account) throws(Rejection) {
    let space = wish.spaceURN
    guard let own = account.own(space), own.kind != .media else {
      throw Rejection(
        "space_urn: expected urn:\(account.provider):sub|user|submission|comment|message:\(account.tenant):<id>, found \(space)"
      )
    }
    let answered = try Self.answered(wish, account)
    switch (own.kind, answered) {
    case (.sub, nil): self = .submission(own.id)
    case (.user, nil): self = .message(own.id)
    case (.sub, let name?) where name.kind != .message: self = .answer(name, subreddit: own.id)
    case (.user, let name?) where name.kind == .message: self = .messageAnswer(name, user: own.id)
    case (.submission, nil): self = .answer(try Self.name(.submission, own.id), subreddit: nil)
    case (.comment, nil): self = .answer(try Self.name(.comment, own.id), subreddit: nil)
    case (.message, nil): self = .messageAnswer(try Self.name(.message, own.id), user: nil)
    default:
      throw Rejection("in_reply_to: expected something that is in \(space), found \(answered.map(\.description) ?? "")")
    }
  }

  private static func answered(_ wish: PostMessage, _ account: Account) throws(Rejection) -> Fullname? {
    guard let text = wish.inReplyTo else { return nil }
    if let name = Fullname(text) { return name }
    if let urn = try? URN(text), let own = account.own(urn) {
      switch own.kind {
      case .comment: return try name(.comment, own.id)
      case .submission: return try name(.submission, own.id)
      case .message: return try name(.message, own.id)
      default: break
      }
    }
    throw Rejection("in_reply_to: expected a name such as t1_dbhn11d, found \"\(text.prefix(64))\"")
  }

  private static func name(_ kind: Fullname.Kind, _ id: String) throws(Rejection) -> Fullname {
    guard Fullname.isID(id) else { throw Rejection("expected an id in base 36, found \"\(id.prefix(64))\"") }
    return Fullname(kind, id)
  }
}
