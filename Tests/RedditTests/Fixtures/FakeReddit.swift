import Foundation
import PluginKit
import ProviderKit
import ProviderSupport

@testable import Reddit

/// What Reddit is to a plugin, in a few lines: tokens, listings, posting, and whatever a test has it do.
@PluginActor
final class FakeReddit: HTTPDouble {
  /// Counts requests of the API, and says what is in the head of their answers; nil in place of an answer: too many.
  var limit: (() -> [(name: String, value: String)]?)?

  // Tokens.
  var tokenAnswer: (Seen) -> RESTAnswer? = { _ in nil }
  var expiresIn = 3600
  var scope = "*"
  /// A new refresh token with each access token.
  var isRotating = false
  private(set) var tokens: [String] = []
  var revoked: Set<String> = []

  // Things.
  /// Newest first, by path.
  var listings: [String: [JSON]] = [:]
  var all: [String: JSON] = [:]
  /// What the account has written, newest first.
  var written: [JSON] = []
  /// The number of the next thing that is written.
  var next = 5000

  /// The time as Reddit writes it, which counts whole seconds.
  var created: Int { Int(clock.now.nanoseconds / 1_000_000_000) }
  /// What was asked of the API, without tokens.
  var calls: [Seen] { seen.filter { !$0.isToken } }
  var tokenCalls: [Seen] { seen.filter(\.isToken) }
  func calls(_ method: String, _ bare: String) -> [Seen] { calls.filter { $0.method == method && $0.bare == bare } }

  override func answer(_ seen: Seen) -> RESTAnswer {
    if seen.isToken { return tokenAnswer(seen) ?? token() }
    let token = seen.headers["Authorization"]?.split(separator: " ").last.map(String.init) ?? ""
    guard tokens.contains(token), !revoked.contains(token) else { return .json(401, ["message": "Unauthorized"]) }
    var headers: [(name: String, value: String)] = []
    if let limit {
      guard let found = limit() else { return .json(429, ["message": "Too Many Requests", "error": 429]) }
      headers = found
    }
    var answer = seen.method == "GET" ? show(seen) : write(seen)
    answer.headers += headers
    return answer
  }

  private func token() -> RESTAnswer {
    let number = tokens.count + 1
    tokens.append("canary-token-\(number)")
    var json: JSONObject = [
      "access_token": .string("canary-token-\(number)"), "token_type": "bearer", "expires_in": .int(Int64(expiresIn)),
      "scope": .string(scope),
    ]
    if isRotating { json["refresh_token"] = .string("canary-refresh-\(number)") }
    return .json(200, .object(json))
  }
}

extension HTTPDouble.Seen {
  /// Path and query, without `raw_json`.
  var path: String {
    var path = url
    for root in ["https://oauth.reddit.com", "https://www.reddit.com"] where path.hasPrefix(root) {
      path = String(path.dropFirst(root.count))
    }
    for end in ["?raw_json=1", "&raw_json=1"] where path.hasSuffix(end) { path = String(path.dropLast(end.count)) }
    return path
  }

  var bare: String { String(path.prefix { $0 != "?" }) }
  var form: [String: String] { Self.pairs(body) }
  var query: [String: String] { Self.pairs(path.split(separator: "?").dropFirst().first.map(String.init) ?? "") }
  var isToken: Bool { path == "/api/v1/access_token" }

  private static func pairs(_ text: String) -> [String: String] {
    var pairs: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      pairs[parts[0]] = parts.count > 1 ? parts[1].removingPercentEncoding : ""
    }
    return pairs
  }
}

extension RESTAnswer {
  /// A page for people.
  static func page(_ status: Int) -> RESTAnswer {
    RESTAnswer(status: status, headers: [("content-type", "text/html")], body: Array(" <html>sorry</html>".utf8))
  }

  var json: JSON { (try? JSON.parse(body)) ?? .null }
}
