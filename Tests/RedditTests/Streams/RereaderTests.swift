import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RereaderTests {
  /// A thing is looked at again while something happens to it.
  private static func run(
    config: JSONObject = [:],
    _ thing: JSON = Made.comment(1),
    isKnown: Bool = true,
    _ change: @escaping @PluginActor @Sendable (RedditBench) async throws -> Void
  ) async throws -> (events: [String], envelopes: [Envelope], looks: [Double]) {
    try await RedditStage.run(config: config, step: .seconds(1)) { bench in
      bench.reddit.all[Made.name(thing)] = thing
      let (rereader, thing) = (bench.rereader(), try Thing(thing))
      if isKnown {
        try await rereader.add([thing])
      } else {
        try await bench.rereader().add([try Thing(Made.comment(1))])
        try await rereader.load()
      }
      let task = PluginActor.task { await rereader.run() }
      try await change(bench)
      task.cancel()
      return (bench.events, bench.published, bench.reddit.calls("GET", "/api/info").map(\.time))
    }
  }

  @Test func `what does not change is told no more, and looked at less and less`() async throws {
    let (events, _, looks) = try await Self.run(config: ["reread": "2h"]) { try await $0.sleep(9000) }
    #expect(events == [])
    #expect((6...9).contains(looks.count), "\(looks)")
    let waits = zip(looks, looks.dropFirst()).map { $1 - $0 }
    #expect(waits == waits.sorted())
  }

  @Test func `what changes shortly before it is looked at no more is told`() async throws {
    let (events, _, _) = try await Self.run(config: ["reread": "2h"]) { bench in
      try await bench.sleep(7100)
      bench.reddit.all["t1_1"] = Made.comment(1, ["body": "other", "edited": 1_767_232_300])
      try await bench.sleep(1000)
    }
    #expect(events == ["updated t1_1"])
  }

  @Test func `an edit and a deletion become events, once each`() async throws {
    let (events, envelopes, _) = try await Self.run { bench in
      try await bench.sleep(30)
      bench.reddit.all["t1_1"] = Made.comment(1, ["body": "other", "edited": 1_767_225_640])
      try await bench.sleep(2000)
      bench.reddit.all["t1_1"] = Made.comment(1, ["body": "[deleted]", "author": "[deleted]"])
      try await bench.sleep(20_000)
    }
    #expect(events == ["updated t1_1", "deleted t1_1"])
    #expect(envelopes.first?.json["text"] == "other")
  }

  @Test func `once is no deletion, twice is`() async throws {
    let (events, _, _) = try await Self.run { bench in
      bench.reddit.all["t1_1"] = nil
      try await bench.until { bench.reddit.calls("GET", "/api/info").count == 1 }
      bench.reddit.all["t1_1"] = Made.comment(1)
      try await bench.until { bench.reddit.calls("GET", "/api/info").count == 3 }
    }
    #expect(events == [])
    let (gone, _, looks) = try await Self.run { bench in
      bench.reddit.all["t1_1"] = nil
      try await bench.sleep(40_000)
    }
    #expect(gone == ["deleted t1_1"])
    #expect(looks.count == 2)
  }

  @Test func `what vanishes before it is looked at for the last time is told, too`() async throws {
    let (events, _, _) = try await Self.run(config: ["reread": "10m"]) { bench in
      try await bench.sleep(250)
      bench.reddit.all["t1_1"] = nil
      try await bench.sleep(6000)
    }
    #expect(events == ["deleted t1_1"])
  }

  static let known: [(now: JSON, events: [String])] = [
    (Made.comment(1), []), (Made.comment(1, ["edited": 1_767_225_640]), ["updated t1_1"]),
    (Made.comment(1, ["body": "[removed]", "author": "[deleted]"]), ["deleted t1_1"]),
  ]

  @Test(arguments: known.indices)
  func `of what an earlier process has seen, Reddit's own word counts`(index: Int) async throws {
    let one = Self.known[index]
    let (events, _, _) = try await Self.run(one.now, isKnown: false) { try await $0.sleep(500) }
    #expect(events == one.events)
  }

  @Test(arguments: [("0s", Made.comment(1)), ("24h", Made.message(1))])
  func `nothing is looked at that is not to be, or cannot`(reread: String, thing: JSON) async throws {
    let (_, _, looks) = try await Self.run(config: ["reread": .string(reread)], thing) { try await $0.sleep(2000) }
    #expect(looks.isEmpty)
  }

  @Test func `a hundred things are one call, and an answer that fails is asked for again`() async throws {
    let (counts, events) = try await RedditStage.run(step: .seconds(1)) { bench in
      let rereader = bench.rereader()
      for number in 1...250 {
        let thing = Made.comment(number)
        try await rereader.add([try Thing(thing)])
        bench.reddit.all[Made.name(thing)] = thing.with(["body": "other"])
      }
      var fails = 3
      bench.reddit.script = { seen, _ in
        guard seen.bare == "/api/info", fails > 0 else { return nil }
        fails -= 1
        return .answer(.json(403, [:]))
      }
      let task = PluginActor.task { await rereader.run() }
      try await bench.sleep(110)
      task.cancel()
      let calls = bench.reddit.calls("GET", "/api/info").dropFirst(3)
      return (calls.map { $0.query["id"]?.split(separator: ",").count ?? 0 }, bench.events)
    }
    #expect(counts == [100, 100, 50])
    #expect(Set(events).count == 250)
  }
}
