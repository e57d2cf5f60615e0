import PluginKit
import TestSupport
import Testing

@testable import Embedder

@Suite(.timeLimit(.minutes(Patience.minutes))) struct BatchTests {
  @Test func `texts of several requests and tenants share a batch within the delay`() async throws {
    let embedder = try await EmbedderFixture(config: ["delay": "5ms"])
    let requests = [
      embedder.request(["a", "b"]), embedder.request(["c"], tenant: "other"), embedder.request(["d"]),
    ]
    let deliveries = await embedder.host.deliver(requests)
    await embedder.host.settle()
    #expect(embedder.engine.begun.isEmpty)
    await embedder.host.advance(by: .milliseconds(5))
    let answers = try await [
      embedder.answer(deliveries[0]).vectors, embedder.answer(deliveries[1]).vectors,
      embedder.answer(deliveries[2]).vectors,
    ]
    #expect(answers == [["a", "b"], ["c"], ["d"]].map { $0.map(FakeEngine.vector) })
    #expect(embedder.engine.begun == [["a", "b", "c", "d"]])
    try await embedder.host.stop()
  }

  @Test func `a full batch does not wait`() async throws {
    let embedder = try await EmbedderFixture(config: ["delay": "5ms", "batch_max": 2])
    let delivery = await embedder.host.deliver(embedder.request(["a", "b"]))
    #expect(try await embedder.answer(delivery).vectors.count == 2)
    try await embedder.host.stop()
  }

  @Test func `without the clock nothing waits for others`() async throws {
    let embedder = try await EmbedderFixture(config: ["delay": "5ms"], missing: ["promethean.clock/1"])
    let delivery = await embedder.host.deliver(embedder.request(["a"]))
    #expect(try await embedder.answer(delivery).vectors == [FakeEngine.vector("a")])
    try await embedder.host.stop()
  }

  @Test func `a batch has no more texts, nor longer ones, than it may`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false), config: ["batch_max": 3])
    _ = await embedder.host.deliver(embedder.request(["first"]))
    _ = try await embedder.begun(1)
    let long = (0..<5).map { String(repeating: "\($0)", count: 2_000) }
    let deliveries = await embedder.host.deliver([embedder.request(["a", "b", "c", "d"]), embedder.request(long)])
    embedder.engine.open(10)
    for delivery in deliveries { #expect(try await embedder.answer(delivery).error.isEmpty) }
    let batches = embedder.engine.begun
    #expect(batches.flatMap(\.self) == ["first", "a", "b", "c", "d"] + long)
    #expect(batches.map(\.count).allSatisfy { $0 <= 3 }, "\(batches.map(\.count))")
    try await embedder.host.stop()
  }

  @Test func `a text is computed once, for all who ask while it is under way and for those who ask later`() async throws
  {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false))
    let first = await embedder.host.deliver(embedder.request(["same", "same"]))
    _ = try await embedder.begun(1)
    let second = await embedder.host.deliver(embedder.request(["same"], tenant: "other"))
    embedder.engine.open()
    #expect(try await embedder.answer(first).vectors == [FakeEngine.vector("same"), FakeEngine.vector("same")])
    #expect(try await embedder.answer(second).vectors == [FakeEngine.vector("same")])
    let third = await embedder.host.deliver(embedder.request(["same"]))
    #expect(try await embedder.answer(third).vectors == [FakeEngine.vector("same")])
    #expect(embedder.engine.begun == [["same"]])
    try await embedder.host.stop()
  }

  @Test func `what is live goes before what is of the past`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false))
    let first = embedder.request(["first"])
    let rest = [
      embedder.request(["past", "both"], priority: "backfill"), embedder.request(["live", "both"], priority: "live"),
    ]
    var deliveries = [await embedder.host.deliver(first)]
    _ = try await embedder.begun(1)
    deliveries += await embedder.host.deliver(rest)
    embedder.engine.open(3)
    for delivery in deliveries { #expect(try await embedder.answer(delivery).error.isEmpty) }
    #expect(embedder.engine.begun == [["first"], ["live", "both"], ["past"]])
    try await embedder.host.stop()
  }

  @Test func `a text whose deadline has passed is not computed, unless another waits for it`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false))
    let first = await embedder.host.deliver(embedder.request(["first"]))
    _ = try await embedder.begun(1)
    let deadline = FakeHost.epoch + 1_000_000_000
    let late = await embedder.host.deliver(embedder.request(["late", "shared"], deadline: deadline))
    let patient = await embedder.host.deliver(embedder.request(["shared"]))
    await embedder.host.advance(by: .seconds(1))
    embedder.engine.open(2)
    #expect(try await embedder.answer(first).error.isEmpty)
    #expect(try await embedder.answer(late).error == "the deadline passed before its turn came")
    #expect(try await embedder.answer(patient).vectors == [FakeEngine.vector("shared")])
    #expect(embedder.engine.begun == [["first"], ["shared"]])
    try await embedder.host.stop()
  }

  @Test func `more texts than may wait are refused, and those of the past leave room for the living`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false), config: ["waiting": 4])
    var deliveries = [await embedder.host.deliver(embedder.request(["first"]))]
    _ = try await embedder.begun(1)
    deliveries += await embedder.host.deliver([
      embedder.request(["a", "b", "c"], priority: "backfill"), embedder.request(["d"]),
    ])
    let refused = await embedder.host.deliver([embedder.request(["e"]), embedder.request(["f"], priority: "backfill")])
    let words = try await [embedder.answer(refused[0]).error, embedder.answer(refused[1]).error]
    let busy = "busy: expected at most"
    #expect(words[0] == "\(busy) 4 texts of priority live to wait, found 4 and 1 more; ask again later")
    #expect(words[1] == "\(busy) 3 texts of priority backfill to wait, found 4 and 1 more; ask again later")
    // One that is among them takes no more room.
    deliveries.append(await embedder.host.deliver(embedder.request(["a"])))
    embedder.engine.open(10)
    for delivery in deliveries { #expect(try await embedder.answer(delivery).error.isEmpty) }
    try await embedder.host.stop()
  }

  @Test func `two threads share what has come`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false), config: ["threads": 2])
    let delivery = await embedder.host.deliver(embedder.request(["a", "b", "c", "d"]))
    #expect(Set(try await embedder.begun(2)) == [["a", "b"], ["c", "d"]])
    embedder.engine.open(2)
    #expect(try await embedder.answer(delivery).vectors == ["a", "b", "c", "d"].map(FakeEngine.vector))
    try await embedder.host.stop()
  }

  @Test func `an engine that fails is answered with its words, and asked again`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(failure: "no more memory"))
    for count in 1...2 {
      let delivery = await embedder.host.deliver(embedder.request(["a"]))
      #expect(try await embedder.answer(delivery).error == "no more memory")
      #expect(embedder.engine.begun.count == count)
    }
    try await embedder.host.stop()
  }

  @Test func `vectors beyond those that are kept are computed again`() async throws {
    let embedder = try await EmbedderFixture(config: ["cache": 4])
    for text in ["a", "b", "c", "d", "e", "a"] {
      #expect(try await embedder.answer(embedder.host.deliver(embedder.request([text]))).error.isEmpty)
    }
    #expect(embedder.engine.begun == [["a"], ["b"], ["c"], ["d"], ["e"], ["a"]])
    try await embedder.host.stop()
  }

  @Test func `stopping ends what waits when the grace is over, and the threads`() async throws {
    let embedder = try await EmbedderFixture(FakeEngine(isOpen: false))
    let deliveries = [await embedder.host.deliver(embedder.request(["a"]))]
    _ = try await embedder.begun(1)
    let waiting = await embedder.host.deliver(embedder.request(["b"]))
    // Stopping waits for the thread, so somebody else must let that go on, once both have their answers.
    let opener = Task.detached { [embedder] in
      while embedder.host.record.settled.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
      embedder.engine.open(2)
    }
    async let stopped: Void = embedder.host.stop()
    // The grace begins when the host gets to it, so time passes until it is over.
    while embedder.host.record.settled.count < 2 { await embedder.host.pass(.seconds(1)) }
    try await opener.value
    try await stopped
    for delivery in deliveries + [waiting] {
      #expect(try await embedder.answer(delivery).error.contains("stopped before"))
    }
    #expect(embedder.engine.begun == [["a"]])
  }
}
