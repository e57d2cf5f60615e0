import Locking
import PluginABI
import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

/// A process that is killed between any two steps, and the next, which knows what the host has kept.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct RestartTests {
  private static let path = StreamTests.path

  /// A listing is read, then more comes than a page; the process is killed, and another reads.
  ///
  /// - Returns: What was recorded with the copies, and whether it was killed at all.
  private static func run(
    killing kill: @escaping @PluginActor @Sendable (RedditBench, Count) -> Void
  ) async throws -> (envelopes: [Envelope], isKilled: Bool) {
    try await RedditStage.run(config: ["history": 0]) { bench in
      StreamTests.fill(bench.reddit, 1...20)
      _ = try await bench.stream(path).read()
      StreamTests.fill(bench.reddit, 21...150)
      let (stream, steps) = (bench.stream(path), Count())
      kill(bench, steps)
      var isDone = false
      PluginActor.task {
        _ = try? await stream.read()
        isDone = true
      }
      try await bench.sleep(5)
      let isKilled = !isDone
      bench.reddit.script = { _, _ in nil }
      bench.journal.answer { _ in PROMETHEAN_OK }
      bench.restart()
      StreamTests.fill(bench.reddit, 151...155)
      _ = try await bench.stream(path).read()
      return (bench.published, isKilled)
    }
  }

  private final class Count: Sendable {
    private let value = Locked(0)

    func next() -> Int {
      value.withLock { value in
        defer { value += 1 }
        return value
      }
    }
  }

  private static func check(_ envelopes: [Envelope]) {
    var first: [String: Int] = [:]
    for envelope in envelopes { first[envelope.short, default: 0] += 1 }
    #expect(Set(first.keys) == Set(StreamTests.created(21...155)))
    // Copies are one to the journal.
    #expect(Set(envelopes.map(\.id)).count == 135)
  }

  @Test(arguments: 0...2, [true, false])
  func `killed while it reads a page, it loses nothing`(page: Int, isAnswered: Bool) async throws {
    let (envelopes, isKilled) = try await Self.run { bench, steps in
      bench.reddit.script = { seen, _ in
        guard !seen.isToken else { return nil }
        let step = steps.next()
        return step == page ? (isAnswered ? .doneAndHang : .hang) : nil
      }
    }
    #expect(isKilled == (page < 2))
    Self.check(envelopes)
  }

  @Test(arguments: [0, 1, 64, 128, 129], [PROMETHEAN_PENDING, PROMETHEAN_UNAVAILABLE])
  func `killed while its events are recorded, it loses none, and copies have the same ids`(
    number: Int,
    status: promethean_status
  )
    async throws
  {
    let (envelopes, isKilled) = try await Self.run { bench, steps in
      bench.journal.answer { _ in
        let step = steps.next()
        return step >= number ? status : PROMETHEAN_OK
      }
    }
    #expect(isKilled)
    Self.check(envelopes)
  }

  @Test func `what was seen is written down when it is recorded, and not before`() async throws {
    let (sizes, after) = try await RedditStage.run { bench in
      StreamTests.fill(bench.reddit, 1...50)
      let (host, counts) = (bench.host, Names())
      bench.journal.answer { _ in
        counts.value.withLock { $0.append(host.record.documents.keys.filter { $0.contains("stream-") }.count) }
        return PROMETHEAN_OK
      }
      _ = try await bench.stream(Self.path).read()
      let after = host.record.documents.keys.filter { $0.contains("stream-") }.count
      return (counts.value.withLock { $0 }, after)
    }
    #expect(sizes == Array(repeating: 0, count: 50))
    #expect(after == 1)
  }

  private final class Names: Sendable { let value = Locked<[Int]>([]) }

  @Test func `of many listings of which much is unknown, four are read at once, so that memory suffices`() async throws
  {
    let names = (0..<6).map { "birds\($0)" }
    let bench: JSONObject = [
      "history": 0, "subreddits": .array(names.map { .string($0) }), "reread": "0s", "inbox": false,
    ]
    let (calls, events) = try await RedditStage.run(
      config: bench,
      binding: ["grants": ["provider.gateway.connect": []]],
      step: .milliseconds(250)
    ) { bench in
      let paths = names.map { "/r/\($0)/comments" }
      for path in paths {
        StreamTests.fill(bench.reddit, [1], at: path)
        _ = try await bench.stream(path).read()
        StreamTests.fill(bench.reddit, 2...900, at: path)
      }
      let before = bench.reddit.calls.count
      bench.process.streams.start()
      try await bench.until { bench.events.count >= 899 * paths.count }
      bench.process.streams.stop()
      return (bench.reddit.calls.dropFirst(before).map(\.bare).filter { paths.contains($0) }, bench.events.count)
    }
    #expect(events == 899 * names.count)
    // Of each listing, ten pages are read before it is known; nobody is amid more than four.
    var read: [String: Int] = [:]
    for call in calls {
      read[call, default: 0] += 1
      #expect(read.values.count { $0 < 9 } <= 4)
    }
  }

  @Test func `listings are read at their pace, and again when what kept them from it has passed`() async throws {
    let (events, problems, count) = try await RedditStage.run(
      config: ["history": 0, "subreddits": ["birds"], "slowest": "20s", "reread": "0s", "inbox": false],
      binding: ["grants": ["provider.gateway.connect": []]],
      step: .milliseconds(250)
    ) { bench in
      let streams = bench.process.streams
      streams.start()
      try await bench.sleep(60)
      bench.reddit.script = { seen, _ in seen.isToken ? nil : .answer(.json(403, ["reason": "private"])) }
      try await bench.sleep(60)
      var problems = [streams.problem ?? ""]
      StreamTests.fill(bench.reddit, 1...5)
      bench.reddit.script = { _, _ in nil }
      try await bench.sleep(60)
      problems.append(streams.problem ?? "")
      streams.stop()
      let count = bench.reddit.calls.count
      try await bench.sleep(60)
      return (bench.events, problems, bench.reddit.calls.count - count)
    }
    #expect(events == StreamTests.created(1...5))
    #expect(problems[0].contains("private"))
    #expect(problems[1] == "")
    #expect(count == 0)
  }
}
