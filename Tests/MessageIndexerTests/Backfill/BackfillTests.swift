import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import MessageIndexer

@Suite("Jobs that fetch the past", .timeLimit(.minutes(Patience.minutes)))
struct BackfillTests {
  private func pasts(_ sizes: [String: Int], seed: UInt64 = 1) -> [String: PastModel] {
    var random = SeededRandom(seed: seed)
    return sizes.sorted { $0.key < $1.key }.reduce(into: [:]) { pasts, size in
      var past = PastModel()
      past.write(size.value, &random)
      pasts[size.key] = past
    }
  }

  private let all: JSON = ["spaces": "all"]

  @Test func `all spaces are listed, walked to their ends and told of, and nothing is left behind`() async throws {
    let stage = try await BackfillStage(pasts(["a": 250, "b": 0, "c": 100, "d": 7, "e": 301]))
    stage.enqueue(all)
    try await stage.run()
    #expect(stage.missing.isEmpty)
    let done = try stage.told("done")
    #expect(done.count == 1 && done[0]["spaces"] == 5 && done[0]["fetched"] == 658 && done[0]["failed"] == 0)
    // 3 pages, 1, 1 that ends with the space, 1, 4.
    #expect(stage.pages == 10)
    let progress = try stage.told("progress")
    #expect(progress.count == 10 && progress.count { $0["complete"] == true } == 5)
    #expect(try stage.told("error").isEmpty)
    #expect(stage.host.record.documents.isEmpty)
    try await stage.host.stop()
  }

  @Test func `each step begins a trace of its own, however long the row of them is`() async throws {
    let stage = try await BackfillStage(pasts(["a": 7000]))
    stage.enqueue(all)
    try await stage.run()
    #expect(stage.missing.isEmpty)
    let steps = stage.host.record.published.filter { $0.topic == BackfillStage.topic + "step" }
    #expect(steps.count > 70 && Set(steps.compactMap { Traceparent($0.trace)?.traceID }).count == steps.count)
    try await stage.host.stop()
  }

  @Test func `what is known is not fetched again`() async throws {
    let stage = try await BackfillStage(pasts(["a": 500]))
    stage.enqueue(["spaces": [.string(BackfillStage.urn("a"))], "limit": 200], id: "one")
    try await stage.run()
    #expect(stage.pages == 2)
    stage.enqueue(all, id: "two")
    try await stage.run()
    // The newest page touches what is known; the walk goes on below it.
    #expect(stage.pages == 2 + 1 + 3 && stage.missing.isEmpty)
    stage.enqueue(all, id: "three")
    try await stage.run()
    #expect(stage.pages == 7)
    try await stage.host.stop()
  }

  @Test func `a time is kept to`() async throws {
    let stage = try await BackfillStage(pasts(["a": 1000]))
    let messages = try #require(stage.on { $0.pasts["a"]?.messages })
    let (since, until) = (messages[400].time, messages[700].time)
    stage.enqueue(["spaces": "all", "since": .int(since), "until": .int(until)])
    try await stage.run()
    let fetched = try #require(stage.on { $0.pasts["a"]?.fetched })
    let wanted = messages.filter { $0.time >= since && $0.time < until }
    #expect(wanted.allSatisfy { fetched[$0.number] == 1 })
    #expect(messages.allSatisfy { $0.time < until || fetched[$0.number] == nil })
    #expect(fetched.count < wanted.count + 100)
    try await stage.host.stop()
  }

  @Test func `a process that is ended anywhere has one page fetched again at most`() async throws {
    var number = 0
    var isOver = false
    while !isOver {
      number += 1
      for isDone in [false, true] {
        let stage = try await BackfillStage(pasts(["a": 250, "b": 120, "c": 3]))
        stage.on { $0.killAt = (number, isDone) }
        stage.enqueue(all)
        try await stage.run()
        // The last numbers are of requests that were never made.
        isOver = stage.on { $0.killAt != nil }
        #expect(stage.missing.isEmpty, "\(number)")
        #expect(stage.pages <= 3 + 2 + 1 + 1, "\(number)")
        #expect(try stage.told("done").count == 1 && stage.host.record.documents.isEmpty, "\(number)")
        try await stage.host.stop()
      }
    }
    #expect(number > 15)
  }

  @Test(arguments: 0..<4) func `whatever goes wrong on the way, all is fetched`(seed: Int) async throws {
    let stage = try await BackfillStage(pasts(["a": 900, "b": 400, "c": 1], seed: UInt64(seed))) { number in
      var random = SeededRandom(seed: UInt64(seed * 1000 + number))
      switch Int.random(in: 0..<12, using: &random) {
      case 0: return .response(["status": 429, "ok": false, "retry_after_ms": 2500, "data": .null])
      case 1: return .response(["status": 503, "ok": false, "retry_after_ms": 0, "error": "in trouble"])
      case 2: return .failure(PROMETHEAN_TIMEOUT, "nobody answered in time")
      case 3: return .failure(PROMETHEAN_UNAVAILABLE, "nobody serves it")
      case 4: return .bytes(Array("<html>".utf8))
      case 5: return .error("expected a list of messages, found something else")
      default: return nil
      }
    }
    stage.enqueue(all)
    try await stage.run()
    #expect(stage.missing.isEmpty && stage.pages > 16)
    #expect(try stage.told("done").map { $0["failed"] } == [0] && stage.told("error").isEmpty)
    try await stage.host.stop()
  }

  @Test func `a wait that is asked for is kept to`() async throws {
    let stage = try await BackfillStage(pasts(["a": 5])) { number in
      number == 1 ? .response(["status": 429, "ok": false, "retry_after_ms": 30_000, "data": .null]) : nil
    }
    stage.enqueue(all)
    try await stage.run()
    #expect(stage.pages == 2 && stage.host.elapsed >= .seconds(30))
    try await stage.host.stop()
  }

  @Test(
    arguments: [
      (
        FakeHost.Answer.response(["status": 404, "ok": false, "data": .null, "error": "Unknown Room"]), "Unknown Room",
        0
      ),
      (.response(["status": 403, "ok": false, "error": "not allowed"]), "not allowed", 0),
      (.failure(PROMETHEAN_DENIED, "no grant of publish"), "no grant of publish", 0),
      (.failure(PROMETHEAN_UNAVAILABLE, "nobody serves it"), "nobody serves it", 890),
    ]
  )
  func `a space that cannot be read is given up, and the others are walked`(
    answer: FakeHost.Answer,
    reason: String,
    seconds: Int
  ) async throws {
    // The second space is asked for second; of the first there is one page. It is given up after at most 38 tries, however
    // short chance makes the waits between them.
    let stage = try await BackfillStage(pasts(["a": 5, "c": 6]), config: ["backfill": ["concurrency": 1]]) { number in
      number > 1 && (number == 2 || seconds > 0 && number < 40) ? answer : nil
    }
    let order = ["a", "b", "c"].map { JSON.string(BackfillStage.urn($0)) }
    stage.enqueue(["spaces": .array(order)])
    try await stage.run()
    let errors = try stage.told("error")
    #expect(errors.count == 1 && errors[0]["space_urn"] == .string(BackfillStage.urn("b")))
    #expect(errors[0]["reason"]?.stringValue?.contains(reason) == true)
    #expect(stage.host.elapsed >= .seconds(seconds))
    #expect(try stage.told("done").map { $0["failed"] } == [1] && stage.missing.isEmpty)
    try await stage.host.stop()
  }

  @Test(
    arguments: [
      ([:], #"spaces: expected "all", or a list of 1 to 1000 space URNs, found nothing"#),
      (["spaces": []], #"spaces: expected "all", or a list of 1 to 1000 space URNs, found empty array"#),
      (
        ["spaces": ["urn:other:room:demo:a"]],
        #"spaces: expected URNs of net/demo, found string "urn:other:room:demo:a""#
      ),
      (["spaces": "all", "limit": 0], "limit: expected integer from 1 on, found integer 0"),
      (["spaces": "all", "since": 5, "until": 5], "since: expected a time before until, found 5, until being 5"),
      (
        ["spaces": "all", "since": "x"],
        #"since: expected milliseconds since 1970, or an RFC 3339 time, found string "x""#
      ),
      (["spaces": "all", "more": 1], "more: expected spaces, since, until, limit, found another key"),
    ] as [(JSON, String)]
  )
  func `an order that is none is refused, naming the key`(order: JSON, words: String) async throws {
    let stage = try await BackfillStage([:])
    let envelope = Envelope(topic: BackfillStage.topic + "enqueue", payload: order.bytes())
    #expect(await stage.host.handle(envelope) == .reject(words))
    #expect(stage.host.record.documents.isEmpty)
    try await stage.host.stop()
  }

  @Test func `whoever asks hears the name of the job, and what is known of a space`() async throws {
    let stage = try await BackfillStage(pasts(["a": 3]))
    var order = Envelope(topic: BackfillStage.topic + "enqueue", payload: Array(#"{"spaces":"all"}"#.utf8))
    order.id = "one"
    let answer = try await stage.host.request(order)
    #expect(answer["job"]?.stringValue?.count == 16 && answer["spaces"] == .null)
    stage.enqueue(all, id: "two")
    try await stage.run()
    let payload: JSON = ["space_urn": .string(BackfillStage.urn("a"))]
    let known = try await stage.host.request(
      Envelope(topic: BackfillStage.topic + "coverage", payload: payload.bytes())
    )
    #expect(known["intervals"]?.arrayValue?.count == 1 && known["intervals"]?.arrayValue?[0]["floor"] == "end")
    try await stage.host.stop()
  }
}
