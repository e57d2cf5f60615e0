import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct StreamTests {
  static let path = "/r/birds/comments"

  /// Things whose numbers are these, the last the newest.
  @PluginActor
  static func fill(_ reddit: FakeReddit, _ numbers: some Sequence<Int>, at path: String = path) {
    for number in numbers { reddit.add(Made.comment(number, at: Made.epoch + number), to: path) }
  }

  static func created(_ numbers: some Sequence<Int>) -> [String] { numbers.map { "created t1_\(Made.id($0))" } }

  @Test(arguments: [(0, 300), (30, 300), (100, 300), (250, 300), (1000, 300), (1000, 1500), (5, 3)])
  func `of what was there before, as much is told as is wanted, oldest first`(history: Int, there: Int) async throws {
    let (events, origins) = try await RedditStage.run(config: ["history": .int(Int64(history))]) { bench in
      bench.reddit.listings[Self.path] = (1...there).reversed().map { Made.comment($0, at: Made.epoch - 9000 + $0) }
      _ = try await bench.stream(Self.path).read()
      return (bench.events, bench.published.map(\.origin))
    }
    #expect(events == Self.created((there - min(history, there, 1000) + 1)..<(there + 1)))
    #expect(origins.allSatisfy { $0 == .backfill })
  }

  @Test(arguments: [1, 99, 100, 101, 350, 900])
  func `what comes between two readings is told once and in order, however many pages it is`(count: Int) async throws {
    let (events, again) = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...150)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, 151..<(151 + count))
      let read = try await stream.read()
      return (bench.events + ["\(read.count)"], try await stream.read().count)
    }
    #expect(events == Self.created(151..<(151 + count)) + ["\(count)"])
    #expect(again == 0)
  }

  @Test(arguments: [0, 100])
  func `the first thing of a listing that was empty is told`(history: Int) async throws {
    let events = try await RedditStage.run(config: ["history": .int(Int64(history))]) { bench in
      _ = try await bench.stream(Self.path).read()
      bench.restart()
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, [1])
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created([1]))
  }

  @Test func `what was there before is not told when something newer vanishes`() async throws {
    let events = try await RedditStage.run(config: ["history": 10]) { bench in
      Self.fill(bench.reddit, 1...300)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      bench.reddit.listings[Self.path]?.removeSubrange(3..<40)
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created(291...300))
  }

  @Test func `what comes late stands behind what is known, and is told`() async throws {
    let events = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, (1...50).map { $0 * 2 })
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      bench.reddit.listings[Self.path]?.insert(Made.comment(91, at: Made.epoch + 91), at: 5)
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created([91]))
  }

  @Test func `when the last of a page has vanished, the one before it leads on`() async throws {
    let events = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...50)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, 51...250)
      var isFirst = true
      bench.reddit.script = { seen, _ in
        guard seen.query["after"] != nil, isFirst else { return nil }
        isFirst = false
        bench.reddit.listings[Self.path]?.removeAll { Made.name($0) == seen.query["after"] }
        return nil
      }
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created(51...250))
  }

  @Test func `a page that is empty once loses nothing`() async throws {
    let events = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...50)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, 51...60)
      bench.reddit.script = { _, _ in .answer(.json(200, Made.listing([]))) }
      _ = try await stream.read()
      bench.reddit.script = { _, _ in nil }
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created(51...60))
  }

  @Test func `what is more than Reddit shows is a hole, which is told once`() async throws {
    let (events, hole) = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...150)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, 151...2000)
      _ = try await stream.read()
      _ = try await stream.read()
      Self.fill(bench.reddit, 2001...2010)
      _ = try await stream.read()
      return (bench.events, bench.published.first { $0.intent == "StreamHole" }?.json)
    }
    #expect(events == Self.created(1001...2000) + ["streamhole \(Self.path)"] + Self.created(2001...2010))
    #expect(hole?["from"]?.stringValue?.hasPrefix("2026-01-01T00:02:30") == true)
    #expect(hole?["to"]?.stringValue?.hasPrefix("2026-01-01T00:16:41") == true)
  }

  @Test func `what Reddit shows no more while it is read is a hole`() async throws {
    let (events, hole) = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...150)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      Self.fill(bench.reddit, 151...400)
      // So much comes before the second page that all of the first has gone from what Reddit shows.
      bench.reddit.script = { seen, _ in
        if seen.query["after"] == Made.name(Made.comment(301)) { Self.fill(bench.reddit, 401...1500) }
        return nil
      }
      _ = try await stream.read()
      bench.reddit.script = { _, _ in nil }
      _ = try await stream.read()
      return (bench.events, bench.published.filter { $0.intent == "StreamHole" }.map(\.json))
    }
    #expect(events.filter { !$0.hasPrefix("streamhole") } == Self.created(301...400) + Self.created(501...1500))
    #expect(hole.count == 2)
    #expect(hole.first?["from"]?.stringValue?.hasPrefix("2026-01-01T00:02:30") == true)
    #expect(hole.first?["to"]?.stringValue?.hasPrefix("2026-01-01T00:05:01") == true)
  }

  @Test func `where all that was known has vanished from a short listing, there is no hole`() async throws {
    let events = try await RedditStage.run(config: ["history": 0]) { bench in
      Self.fill(bench.reddit, 1...3)
      let stream = bench.stream(Self.path)
      _ = try await stream.read()
      bench.reddit.listings[Self.path] = []
      Self.fill(bench.reddit, 4...5)
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created(4...5))
  }

  @Test func `in a listing that is not in the order of time, an old thing that comes is told, and no hole`()
    async throws
  {
    let path = "/r/birds/top?sort=top"
    let events = try await RedditStage.run(config: ["history": 0]) { bench in
      bench.reddit.listings["/r/birds/top"] = [5, 9, 2].map { Made.comment($0, at: Made.epoch + $0) }
      let stream = bench.stream(path)
      _ = try await stream.read()
      bench.reddit.listings["/r/birds/top"] = [7, 1].map { Made.comment($0, at: Made.epoch + $0) }
      _ = try await stream.read()
      return bench.events
    }
    #expect(events == Self.created([7, 1]))
  }

  @Test func `what a listing shows for long is not told again, however much else comes and goes`() async throws {
    let count = try await RedditStage.run(config: ["history": 0]) { bench in
      let stream = bench.stream("/r/birds/top?sort=top")
      for start in stride(from: 100, to: 1500, by: 90) {
        bench.reddit.listings["/r/birds/top"] = ([1] + Array(start..<start + 90)).map { Made.comment($0) }
        _ = try await stream.read()
      }
      return bench.events.count { $0 == "created t1_1" }
    }
    #expect(count == 0)
  }

  @Test func `what is no thing, or not allowed, keeps nothing else from being told`() async throws {
    let events = try await RedditStage.run(
      config: ["history": 100],
      binding: ["allow": ["subreddits": ["birds"]]]
    ) { bench in
      Self.fill(bench.reddit, 1...2)
      bench.reddit.listings[Self.path]?.insert(["kind": "t1", "data": [:]], at: 1)
      bench.reddit.listings[Self.path]?.insert(Made.comment(9, in: "other"), at: 1)
      _ = try await bench.stream(Self.path).read()
      return bench.events
    }
    #expect(events == Self.created(1...2))
  }
}
