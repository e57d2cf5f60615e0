/// Which subreddits the operator lets the tenant see and write in; their names in whatever case.
struct AllowList: Sendable {
  /// Names in lower case; nil: all.
  private let subreddits: Set<String>?

  /// Reads the tenant's `allow: { subreddits }`; not there or `*`: all.
  init(_ names: [String]?) {
    guard let names, !names.contains("*") else {
      subreddits = nil
      return
    }
    subreddits = Set(names.map { Self.plain($0).lowercased() })
  }

  /// Whether all are allowed.
  var isOpen: Bool { subreddits == nil }

  /// Whether a subreddit is allowed; private messages, which are in none, are.
  func allows(_ subreddit: String?) -> Bool {
    guard let subreddits, let subreddit else { return true }
    return subreddits.contains(subreddit.lowercased())
  }

  /// A name without the `r/` that people write before it.
  static func plain(_ name: String) -> String {
    for prefix in ["/r/", "r/"] where name.hasPrefix(prefix) { return String(name.dropFirst(prefix.count)) }
    return name
  }
}
