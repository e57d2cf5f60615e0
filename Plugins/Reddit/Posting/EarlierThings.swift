internal import PluginKit
internal import ProviderKit

/// What the account has written since a wish was begun, to find out which of its parts are there: Reddit has no name for a
/// wish by which it would know it again.
struct EarlierThings {
  /// By which time its clock and Reddit's may differ, ms.
  static let skewMax: Int64 = 30_000

  private var things: [Thing]

  /// The account's things, of which those count that were written since a time in milliseconds since 1970.
  init(_ things: [Thing], since: Int64) {
    self.things = things.filter { $0.created.milliseconds >= since - Self.skewMax }.sorted { $0.created < $1.created }
  }

  /// Takes out the first that is this part, and no other wish's.
  mutating func take(
    _ part: Part,
    in draft: PostDraft,
    isTaken: (String) -> Bool
  ) -> Fullname? {
    let index = things.firstIndex { thing in
      guard !isTaken(thing.name.description) else { return false }
      switch part {
      case .submission(let subreddit):
        return thing.name.kind == .submission && thing.subreddit?.lowercased() == subreddit.lowercased()
          && Self.plain(thing.json["title"]?.stringValue) == Self.plain(draft.title)
      case .answer(let parent, let text):
        return thing.parent == parent && Self.plain(thing.text) == Self.plain(text)
      case .message(let user, let text):
        return thing.name.kind == .message && thing.json["dest"]?.stringValue?.lowercased() == user.lowercased()
          && Self.plain(thing.text) == Self.plain(text)
      }
    }
    return index.map { things.remove(at: $0).name }
  }

  /// One thing that a wish becomes.
  enum Part: Hashable {
    case submission(subreddit: String)
    case answer(to: Fullname, text: String)
    case message(to: String, text: String)
  }

  /// Without the white space that Reddit takes away.
  private static func plain(_ text: String?) -> [Substring] {
    (text ?? "").split(whereSeparator: \.isWhitespace)
  }
}
