import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct GrantTests {
  static let grants: [(secrets: [String: String], form: String)] = [
    (
      ["reddit_refresh_token": "canary r+&=", "reddit_client_secret": "s"],
      "grant_type=refresh_token&refresh_token=canary%20r%2B%26%3D"
    ),
    (
      // A refresh token goes before a password.
      ["reddit_refresh_token": "canary", "reddit_password": "canary-p", "reddit_username": "duck"],
      "grant_type=refresh_token&refresh_token=canary"
    ),
    (
      ["reddit_username": "duck", "reddit_password": "canary p&", "reddit_client_secret": "s"],
      "grant_type=password&username=duck&password=canary%20p%26"
    ),
    (["reddit_client_secret": "s"], "grant_type=client_credentials"),
    ([:], "grant_type=client_credentials"),
    // What is empty is as good as not there.
    (
      ["reddit_client_secret": "s", "reddit_refresh_token": "", "reddit_password": ""], "grant_type=client_credentials"
    ),
  ]

  @Test(arguments: grants.indices)
  func `each grant sends its own words, the app's, and a name`(index: Int) async throws {
    let (secrets, form) = Self.grants[index]
    var all = secrets
    all["reddit_client_id"] = "an-app"
    let seen = try await RedditStage.run(secrets: all) { bench in
      _ = try await bench.token().get()
      return bench.reddit.tokenCalls
    }
    #expect(seen.map(\.body) == [form])
    let basic = Base64.encode(Array("an-app:\(secrets["reddit_client_secret"] ?? "")".utf8))
    #expect(seen.first?.headers["Authorization"] == "Basic \(basic)")
    let owner = secrets["reddit_username"].map { " (by /u/\($0))" } ?? ""
    #expect(seen.first?.headers["User-Agent"] == "linux:promethean.an-app:v0.1.0\(owner)")
    #expect(seen.first?.headers["Content-Type"] == "application/x-www-form-urlencoded")
    #expect(seen.first?.method == "POST")
  }

  @Test func `what the operator calls the app is what it calls itself`() async throws {
    let seen = try await RedditStage.run(config: ["user_agent": "a duck"]) { bench in
      try await bench.perform("GET", "/api/v1/me")
      return bench.reddit.seen
    }
    #expect(seen.map { $0.headers["User-Agent"] } == ["a duck", "a duck"])
    #expect(seen.last?.headers["Authorization"] == "bearer canary-token-1")
  }

  @Test(arguments: ["", "a b", "a:b", "a\r\nb", "ä"])
  func `without an app's id nothing is sent, and the words say which credential it is`(id: String) async throws {
    let secrets = ["reddit_client_id": id]
    let (failure, seen) = try await RedditStage.run(secrets: secrets) { bench in
      guard case .failure(let failure) = await bench.token() else { throw ProviderError("expected no token") }
      return (failure, bench.reddit.seen)
    }
    #expect(failure.kind == "refused")
    #expect(failure.description.contains("reddit_client_id"))
    #expect(seen.isEmpty)
  }

  @Test func `a password of nobody is not sent`() async throws {
    let secrets = ["reddit_client_id": "a", "reddit_password": "canary"]
    let words = try await RedditStage.run(secrets: secrets) { bench in
      guard case .failure(let failure) = await bench.token() else { throw ProviderError("expected no token") }
      return "\(failure) \(bench.reddit.seen.count)"
    }
    #expect(words.contains("reddit_username"))
    #expect(words.hasSuffix(" 0"))
  }

  static let scopes: [(text: String, needed: Set<String>, missing: [String])] = [
    ("", ["read"], ["read"]), ("read", ["read"], []), ("read,history", ["read", "history"], []),
    ("read  history", ["read", "privatemessages"], ["privatemessages"]), ("*", ["read", "anything"], []),
    ("read * ", ["x"], []), ("reader", ["read"], ["read"]), ("", ["b", "a"], ["a", "b"]),
  ]

  @Test(arguments: scopes.indices)
  func `scopes are words between spaces or commas, or all there are`(index: Int) {
    let (text, needed, missing) = Self.scopes[index]
    #expect(Scopes(text).missing(of: needed) == missing)
    #expect(Scopes(Scopes(text).description) == Scopes(text))
  }

  @Test(arguments: [
    #"{"access_token":"","expires_in":1}"#, #"{"access_token":"a b"}"#, #"{"access_token":"a\r\nX: y"}"#,
    #"{"access_token":7}"#, #"{"access_token":"ä"}"#, "[]", "{}", "", "<html>",
  ])
  func `what is none is no token`(body: String) {
    #expect(AccessToken(RESTAnswer(status: 200, body: Array(body.utf8)), at: 0) == nil)
  }

  static let times: [(seconds: String, found: Int64)] = [
    ("60", 60), ("0", 0), ("-5", 0), ("1e300", 365 * 86_400), ("3600.9", 3600), ("\"x\"", 3600), ("null", 3600),
  ]

  @Test(arguments: times.indices)
  func `how long a token is good for is bounded, whatever is said`(index: Int) throws {
    let (seconds, found) = Self.times[index]
    let body = #"{"access_token":"a","expires_in":\#(seconds)}"#
    let token = try #require(AccessToken(RESTAnswer(status: 200, body: Array(body.utf8)), at: 1_000_000_000))
    #expect(token.expires == (found + 1) * 1_000_000_000)
  }

  @Test(arguments: [201, 204, 301, 400, 500])
  func `only an answer of 200 has a token`(status: Int) {
    #expect(AccessToken(.json(status, ["access_token": "a"]), at: 0) == nil)
  }
}
