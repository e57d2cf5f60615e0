import PluginKit
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct StreamSettingsTests {
  private static let grants: JSON = ["provider.gateway.connect": []]

  struct Case: Sendable {
    var config: JSONObject = [:]
    var allow: [JSON] = []
    let paths: [String]
    let scopes: Set<String>
  }

  static let cases: [Case] = [
    Case(
      allow: ["birds", "r/Fish"],
      paths: ["/r/birds/new", "/r/birds/comments", "/r/Fish/new", "/r/Fish/comments"],
      scopes: ["read", "privatemessages"]
    ),
    Case(allow: ["*"], paths: [], scopes: ["privatemessages"]),
    Case(
      config: ["subreddits": ["a+b", "A+B"], "inbox": false],
      allow: ["birds"],
      paths: ["/r/a+b/new", "/r/a+b/comments"],
      scopes: ["read"]
    ),
    Case(
      config: ["streams": ["user/ada/comments", "/comments/x", "/message/sent"], "inbox": false],
      paths: ["/user/ada/comments", "/comments/x", "/message/sent"],
      scopes: ["read", "history", "privatemessages"]
    ),
  ]

  @Test(arguments: cases.indices)
  func `what is read is what the operator says, once, and needs its scopes`(index: Int) async throws {
    let one = Self.cases[index]
    let binding: JSON = ["grants": Self.grants, "allow": ["subreddits": .array(one.allow)]]
    let (paths, scopes) = try await RedditStage.run(config: one.config, binding: binding) { bench in
      (bench.settings.streams.paths, bench.settings.streams.scopes(hasAccount: true))
    }
    #expect(paths == one.paths)
    #expect(scopes == one.scopes)
  }

  static let wrong: [JSONObject] = [
    ["subreddits": ["a b"]], ["subreddits": [""]], ["subreddits": ["a++b"]], ["subreddits": ["../api"]],
    ["streams": ["/r/../api"]], ["streams": ["a//b"]], ["history": 2001], ["history": -1], ["fastest": "soon"],
    ["requests_per_minute": 0], ["api": "ftp://x"], ["api": "oauth.reddit.com"], ["user_agent": "a\r\nb"],
    ["ca_file": "relative"], ["parts_max": 0],
  ]

  @Test(arguments: wrong.indices)
  func `what cannot be configured is refused with its key`(index: Int) async throws {
    let config = Self.wrong[index]
    let key = config.keys.first ?? ""
    do {
      try await RedditStage.run(config: config) { _ in }
      Issue.record("expected \(key) to be refused")
    } catch {
      #expect("\(error)".contains(key), "\(error)")
    }
  }

  @Test func `without the grant to read, nothing is read`() async throws {
    let settings = try await RedditStage.run(binding: ["allow": ["subreddits": ["birds"]]]) { $0.settings.streams }
    #expect(settings.paths.isEmpty)
    #expect(!settings.readsInbox)
  }
}
