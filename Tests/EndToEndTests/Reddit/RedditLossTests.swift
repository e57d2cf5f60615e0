import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// What goes wrong at Reddit, in a plugin and in a host, while much is written: nothing is lost, and nothing comes twice.
  @Suite struct RedditLossTests {
    /// Things of the test: as many as take some seconds, or some minutes.
    private static let count = Products.isSoak ? 100_000 : 1500
    /// Of a second: two listings of a thousand each outlast the pauses that Reddit asks for, and a host's restart.
    private static let rate = 100
    /// Calls of an account in so many seconds.
    private static let allowance = (calls: 300, seconds: 5.0)

    @Test func `much that is written, with faults and three kills, is indexed as it is`() async throws {
      var options = RedditServer.Options()
      options.subreddits = ["testing", "second"]
      options.allowance = Self.allowance
      let config = ["history: 2000", "reread: \(Products.isSoak ? "900s" : "60s")", "fastest: 50ms"]
      let reddit = try await RedditDeployment(
        tenants: ["duck"],
        config: config,
        options: options,
        subreddits: ["testing", "second"]
      )
      for (kind, more) in Self.faults {
        try await reddit.server.next("request", kind, times: nil, more)
      }
      let server = reddit.server
      let chances: JSONObject = [
        "rate": .int(Int64(Self.rate)), "edits": 0.02, "deletions": 0.02, "submissions": 0.05,
      ]
      async let generating = server.generate(Self.count, in: ["testing", "second"], seed: 7, chances)
      for round in 1...3 {
        let wanted = Self.count * round / 4
        _ = try reddit.host.until("\(wanted) are indexed", { try reddit.count(of: "duck") >= wanted ? () : nil })
        if round == 2 {
          try reddit.host.kill()
          try reddit.host.start()
        } else {
          try reddit.host.client().kill("reddit@duck")
        }
      }
      let names = try await generating
      #expect(names.count == Self.count)
      let truth = try await server.truth().filter { $0.subreddit != nil }
      let shown = truth.filter { $0.state == "live" && !$0.fellOff }
      reddit.becomes(shown)
      #expect(try await server.violations() == [], "calls beyond the limit, or none that Reddit knows")
      // What nobody can have seen any more is told.
      let log = try reddit.host.run("logs", "--json", "-n", "100000").output
      #expect(truth.allSatisfy { !$0.fellOff } || log.contains("may not have been seen"))
      #expect(try reddit.host.stop() == .status(0))
    }

    /// Of ten calls, two or three.
    private static let faults: [(kind: String, more: JSONObject)] = [
      ("status", ["status": 503, "chance": 0.05, "seed": 1]), ("status", ["status": 429, "chance": 0.01, "seed": 2]),
      ("html", ["chance": 0.03, "seed": 3]), ("truncated", ["chance": 0.05, "seed": 4]),
      ("lost", ["chance": 0.03, "seed": 5]), ("expire", ["chance": 0.005, "seed": 6]),
      ("empty", ["chance": 0.03, "seed": 7]), ("skip", ["chance": 0.03, "seed": 8]),
    ]

    @Test func `what Reddit shows no more when it is read is told as a hole`() async throws {
      var options = RedditServer.Options()
      options.subreddits = ["testing"]
      let reddit = try await RedditDeployment(tenants: ["duck"], options: options, subreddits: [], starts: false)
      // One listing alone, so that what is written comes in one.
      try reddit.host.write(
        reddit.manifest.replacing(
          "  config:\n",
          with: "  config:\n      streams: [r/testing/comments]\n      inbox: false\n"
        )
      )
      let link = try #require(try await reddit.server.submit("a title", to: "testing").first)
      try await reddit.server.answer(link, "before")
      try reddit.host.start()
      _ = try reddit.indexed(of: "duck", "what was before is indexed") { $0.count == 1 }
      try reddit.host.kill()
      // As many as a listing shows, and some that nobody can see any more.
      let missed = try await reddit.server.answer(link, "{n}", count: 1030)
      try reddit.host.start()
      let found = try reddit.indexed(of: "duck", "what is shown is indexed") { $0.count >= 1001 }
      #expect(Set(found.keys).isSuperset(of: missed.suffix(1000)))
      let log = try reddit.host.run("logs", "--json", "-n", "1000").output
      #expect(log.contains("may not have been seen") && log.contains("/r/testing/comments"))
      #expect(try reddit.host.stop() == .status(0))
    }
  }
}
