internal import PluginKit
internal import ProviderKit

/// What Reddit says is wrong, in its words: in an answer of 200 too, as it answers much that people have typed.
///
/// Source: https://github.com/reddit-archive/reddit/blob/master/r2/r2/lib/errors.py
struct RedditProblem: Hashable, CustomStringConvertible {
  /// Reddit's word, such as `RATELIMIT` or `private`; empty: none.
  let code: String
  let message: String
  /// The field that it is about; empty: none.
  let field: String
  let status: Int
  /// How long to wait, ns, where writing is what comes too fast.
  let wait: Int64?

  /// Reads an answer; nil of one that says nothing is wrong.
  init?(_ answer: RESTAnswer) {
    status = answer.status
    let json = (try? JSON.parse(answer.body)) ?? .null
    if let errors = json["json"]?["errors"]?.arrayValue, let first = errors.first?.arrayValue {
      let words = first.map { $0.stringValue ?? "" }
      code = words.first ?? ""
      message = words.count > 1 ? words[1] : ""
      field = words.count > 2 ? words[2] : ""
      wait = code == "RATELIMIT" ? Self.wait(json["json"]?["ratelimit"]?.doubleValue, message) : nil
      return
    }
    wait = nil
    field = json["fields"]?.arrayValue?.first?.stringValue ?? ""
    if answer.status >= 300 {
      code = json["reason"]?.stringValue ?? ""
      let words = json["explanation"]?.stringValue ?? json["message"]?.stringValue
      message = words ?? (answer.isPage ? "a page for people" : "")
      return
    }
    guard json["success"]?.boolValue == false else { return nil }
    (code, message) = ("", "no success, and no reason")
  }

  var description: String {
    var text = "\(status)"
    if !code.isEmpty { text += " \(code)" }
    if !message.isEmpty { text += ": \(message)" }
    return field.isEmpty ? text : "\(text) (\(field))"
  }

  /// What to do about it; nil where that is plain.
  var hint: String? { Self.hints[code] ?? Self.statusHints[status] }

  /// Whether it passes by itself: writing too fast, or a limit.
  var isPassing: Bool { ["RATELIMIT", "QUOTA_FILLED"].contains(code) || status == 429 || status == 401 }

  /// How long "try again in 7 minutes" is.
  private static func wait(_ seconds: Double?, _ message: String) -> Int64 {
    /// The longest that Reddit makes anybody wait, and what it says least often, s.
    let (most, usual) = (3600.0, 60.0)
    let units = ["hour": 3600.0, "minute": 60, "second": 1]
    let words = message.split(separator: " ")
    let said = words.indices.dropLast().lazy.compactMap { place -> Double? in
      guard let number = Double(words[place]), !number.isNaN else { return nil }
      return units.first { words[place + 1].hasPrefix($0.key) }.map { number * $0.value }
    }.first
    return Int64(min(max(seconds ?? said ?? usual, 1), most) * 1e9)
  }

  private static let hints: [String: String] = [
    "RATELIMIT": "Reddit lets new accounts write seldom: it becomes more with the account's age and karma",
    "NO_TEXT": "there is nothing to say",
    "TOO_LONG": "it is longer than Reddit allows",
    "NO_SUBJECT": "a private message needs a subject: give one in provider_payload.subject",
    "SUBREDDIT_NOEXIST": "there is no such subreddit: compare its name",
    "SUBREDDIT_NOTALLOWED": "the account may not write in this subreddit: its moderators say who may",
    "SUBREDDIT_REQUIRED": "the name of the subreddit is missing",
    "NO_SELFS": "the subreddit takes links alone: give one in provider_payload.url",
    "NO_LINKS": "the subreddit takes texts alone",
    "ALREADY_SUB": "the link is there already: provider_payload.resubmit true posts it again",
    "DELETED_LINK": "the submission that was to be answered has been deleted",
    "DELETED_COMMENT": "the comment that was to be answered has been deleted",
    "THREAD_LOCKED": "a moderator has locked the thread",
    "TOO_OLD": "the thread is archived: what is older than six months can be read alone",
    "USER_DOESNT_EXIST": "there is no such user, or they have been suspended",
    "NOT_WHITELISTED_BY_USER_MESSAGE": "this user takes messages from few people alone",
    "USER_BLOCKED": "the user has blocked the account, or the other way round",
    "BAD_CAPTCHA": "the account is so new that Reddit wants to see a person: write by hand for some days",
    "SUBMIT_VALIDATION_FLAIR_REQUIRED": "the subreddit wants a flair: give one in provider_payload.flair_id",
    "private": "the subreddit is private: its moderators let people in",
    "banned": "Reddit has banned the subreddit",
    "quarantined": "the subreddit is quarantined: log in by hand and agree to see it",
    "gold_only": "the subreddit is for those who pay",
  ]

  private static let statusHints: [Int: String] = [
    302: "there is no such subreddit: compare its name",
    401: "Reddit does not take the token: compare the credentials",
    403: "the account may not: it has been banned there, or the token's scopes do not cover it",
    404: "there is no such thing: compare the name",
    429: "Reddit's limit was hit; another program may use the same app, or config.user_agent is one that many have",
  ]
}
