import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// The past of subreddits, as far as Reddit shows it, while much goes wrong.
  @Suite struct RedditBackfillTests {
    /// Things of the test, and subreddits that hold them: what a listing shows at most is a thousand of each.
    private static let (count, subreddits) = Products.isSoak ? (30_000, 20) : (1200, 2)
    /// Calls of an account in so many seconds.
    private static let allowance = (calls: 300, seconds: 5.0)

    @Test func `what was written before is indexed as it is, whatever is killed meanwhile`() async throws {
      var options = RedditServer.Options()
      options.subreddits = (0..<Self.subreddits).map { "past\($0)" }
      options.allowance = Self.allowance
      // What is written from now on is not what this is about: listings are read rarely, and things looked at again.
      let reddit = try await RedditDeployment(
        tenants: ["duck"],
        config: ["history: 0", "reread: \(Products.isSoak ? "900s" : "60s")", "inbox: false"],
        options: options,
        subreddits: options.subreddits,
        starts: false
      )
      let chances: JSONObject = ["submissions": 0.3, "edits": 0.02, "deletions": 0.02]
      let names = try await reddit.server.generate(Self.count, in: options.subreddits, seed: 3, chances)
      #expect(names.count == Self.count)
      for (kind, more) in Self.faults { try await reddit.server.next("request", kind, times: nil, more) }
      try reddit.host.start()
      _ = try reddit.host.backfill("reddit", "duck")
      try await reddit.host.suffer(Self.count * 9 / 10, of: "reddit", "duck") { round in
        let live = try await reddit.server.truth().filter { $0.state == "live" && $0.name.hasPrefix("t1") }
        let chosen = live[live.count * (round + 1) / 5].name
        try await reddit.server.control("edit", ["name": .string(chosen), "text": .string("edited \(round)")])
        let gone = live[live.count * (round + 1) / 5 + 1].name
        try await reddit.server.control("mark", ["names": [.string(gone)], "state": "deleted"])
      }
      try reddit.host.known(Self.subreddits, of: "reddit", "duck")
      let shown = try await reddit.server.truth().filter { $0.state == "live" && !$0.fellOff }
      reddit.becomes(shown)
      #expect(try await reddit.server.violations() == [], "calls beyond the limit, or none that Reddit knows")
      #expect(try reddit.host.stop() == .status(0))
    }

    /// Of ten calls, two.
    private static let faults: [(kind: String, more: JSONObject)] = [
      ("status", ["status": 503, "chance": 0.05, "seed": 1]), ("status", ["status": 429, "chance": 0.005, "seed": 2]),
      ("html", ["chance": 0.03, "seed": 3]), ("truncated", ["chance": 0.05, "seed": 4]),
      ("lost", ["chance": 0.03, "seed": 5]), ("empty", ["chance": 0.03, "seed": 6]),
      ("late", ["seconds": 0.3, "chance": 0.03, "seed": 7]),
    ]
  }
}
