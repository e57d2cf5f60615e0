package import Envelope

/// What tests tell the server and ask it, besides what they do of any.
extension RedditServer {
  /// Something that somebody has written, as the server knows it.
  package struct Thing: Sendable {
    /// Its full name, such as `t1_k000001`.
    package let name: String
    package let author: String
    package let subreddit: String?
    /// What it answers.
    package let parent: String?
    package let text: String
    /// `live`, `deleted` or `removed`.
    package let state: String
    /// Whether a client was sent it in a listing.
    package let isListed: Bool
    /// Whether nobody was, and nobody can be any more: listings are not that long.
    package let fellOff: Bool
  }

  /// Somebody submits.
  ///
  /// `{n}` in title and text is the number; control.py has what else can be said.
  ///
  /// - Returns: The full names.
  @discardableResult
  package func submit(
    _ title: String,
    text: String = "",
    to subreddit: String,
    count: Int = 1,
    _ more: JSONObject = [:]
  ) async throws -> [String] {
    try await say(
      [
        ("subreddit", .string(subreddit)), ("title", .string(title)), ("text", .string(text)),
        ("count", .int(Int64(count))),
      ],
      more
    )
  }

  /// Somebody comments on something, or answers a message.
  ///
  /// - Returns: The full names.
  @discardableResult
  package func answer(
    _ parent: String,
    _ text: String,
    count: Int = 1,
    _ more: JSONObject = [:]
  ) async throws -> [String] {
    try await say([("parent", .string(parent)), ("text", .string(text)), ("count", .int(Int64(count)))], more)
  }

  /// Somebody comments on the newest submission of a subreddit.
  ///
  /// - Returns: The full names.
  @discardableResult
  package func comment(
    _ text: String,
    in subreddit: String,
    count: Int = 1,
    _ more: JSONObject = [:]
  ) async throws -> [String] {
    try await say(
      [
        ("subreddit", .string(subreddit)), ("kind", "comment"), ("text", .string(text)),
        ("count", .int(Int64(count))),
      ],
      more
    )
  }

  private func say(_ what: [(String, JSON)], _ more: JSONObject) async throws -> [String] {
    let said = try await control("say", JSONObject(what + more.map { ($0.key, $0.value) }))
    return (said["names"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Somebody writes to an account.
  ///
  /// - Returns: The full name of the message.
  @discardableResult
  package func message(_ text: String, subject: String = "subject", to account: String) async throws -> String {
    let said = try await control(
      "message",
      ["to": .string(account), "subject": .string(subject), "text": .string(text)]
    )
    return said["names"]?.arrayValue?.first?.stringValue ?? ""
  }

  /// People write many things of nasty texts; `more` has probabilities, such as `edits`, and a `rate` a second.
  ///
  /// - Returns: The full names, when all is written.
  @discardableResult
  package func generate(
    _ count: Int,
    in subreddits: [String],
    seed: Int = 0,
    _ more: JSONObject = [:]
  ) async throws -> [String] {
    let always: [(String, JSON)] = [
      ("subreddits", .array(subreddits.map(JSON.string))), ("count", .int(Int64(count))), ("seed", .int(Int64(seed))),
    ]
    let said = try await control("generate", JSONObject(always + more.map { ($0.key, $0.value) }))
    return (said["names"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// All that anybody has ever written, the oldest first.
  package func truth(of subreddit: String? = nil) async throws -> [Thing] {
    let arguments: JSONObject = subreddit.map { ["subreddit": .string($0)] } ?? [:]
    return (try await control("truth", arguments).arrayValue ?? []).map { thing in
      let text = { (name: String) in thing[name]?.stringValue }
      return Thing(
        name: text("name") ?? "",
        author: text("author") ?? "",
        subreddit: text("subreddit"),
        parent: text("parent"),
        text: text("text") ?? "",
        state: text("state") ?? "",
        isListed: thing["listed"]?.boolValue ?? false,
        fellOff: thing["fell_off"]?.boolValue ?? false
      )
    }
  }

  /// What no client does that behaves, such as calls beyond the allowance; of a replay, what was not recorded.
  package func violations() async throws -> [String] {
    try await control("violations").arrayValue?.compactMap(\.stringValue) ?? []
  }
}
