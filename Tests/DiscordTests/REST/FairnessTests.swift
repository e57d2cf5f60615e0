import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct RESTFairnessTests {
  @Test func `what is patient goes when nothing else waits, and keeps no slots from others`() async throws {
    let found = try await RESTStage.run { bench in
      // More of each than a second holds.
      let patient = (0..<60).map { number in
        var call = bench.call("GET", "/channels/\(number)/messages")
        (call.isPatient, call.requester) = (true, "worker history")
        return call
      }
      let others = (0..<60).map { bench.call("GET", "/channels/\($0)/pins") }
      await bench.performAll(patient + others)
      return bench.server.seen.map { $0.url.hasSuffix("/pins") }
    }
    let last = try #require(found.lastIndex(of: true))
    // Those alone that were sent before anything else had come.
    #expect(found.count == 120 && found[...last].count { !$0 } <= 50, "\(last)")
  }

  @Test func `point 19: a wait that would pass the deadline is refused at once with how long it is`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 1, seconds: 30) }
      await bench.perform("POST", "/channels/1/messages")
      let late = await bench.perform("POST", "/channels/1/messages", within: 5)
      return (late.failure, late.time - late.began, bench.server.seen.count)
    }
    #expect(
      found.0
        == .deadline(
          "POST /channels/{id}/messages: its turn comes in 30.1 s at the earliest, its deadline in 5.0 s"
        )
    )
    #expect(found.1 == 0)
    #expect(found.2 == 1)
  }

  @Test func `point 19: who waits behind others is refused at once if these alone take too long`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 2, seconds: 10) }
      await bench.perform("POST", "/channels/1/messages")
      await bench.performAll(
        (0..<5).map { bench.call("POST", "/channels/1/messages?\($0)", within: $0 == 4 ? 15 : 300) }
      )
      return bench.ended.first { $0.name == "4" }
    }
    let late = try #require(found)
    #expect(late.failure?.kind == "deadline" && late.time == late.began)
  }

  @Test func `point 19: whoever waits in vain when a limit is hit hears so at once`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in
        number == 0 ? .answer(LimitedServer.limited(after: 20, ["x-ratelimit-scope": "user"])) : nil
      }
      await bench.performAll([
        bench.call("POST", "/channels/1/messages"), bench.call("POST", "/channels/1/messages", within: 10),
      ])
      return bench.ended.map { ($0.name, $0.failure?.kind, $0.time) }
    }
    #expect(found[0].0 == "1" && found[0].1 == "deadline" && found[0].2 < 0.1)
    #expect(found[1].0 == "0" && found[1].1 == nil && found[1].2 > 20)
  }

  @Test func `point 19: a deadline that passes while an answer is awaited in front ends the wait`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.latency = { number in (number == 0 ? 3000 : 20, 20) }
      await bench.performAll([
        bench.call("POST", "/channels/1/messages"), bench.call("POST", "/channels/1/messages", within: 1),
      ])
      return (bench.ended[0], bench.server.seen.count)
    }
    #expect(found.0.failure?.kind == "deadline")
    #expect(found.0.time >= 0.94 && found.0.time < 1)
    #expect(found.1 == 1)
  }

  @Test func `point 19: a call that is cancelled leaves its queue and frees its place`() async throws {
    let found = try await RESTStage.run { bench in
      _ = bench.client(RESTSettings(waitingMax: 1))
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 1, seconds: 10) }
      await bench.perform("POST", "/channels/1/messages?0")
      let call = bench.call("POST", "/channels/1/messages?1")
      // A task of its own would begin on another thread.
      let (full, ended) = try await withThrowingTaskGroup(of: EndedCall.self) { group in
        group.addTask { await bench.perform(call, as: "cancelled") }
        try await bench.sleep(1)
        let full = await bench.perform("POST", "/channels/1/messages?2")
        group.cancelAll()
        return (full, try await group.next() ?? full)
      }
      let next = await bench.perform("POST", "/channels/1/messages?3")
      return (full.failure, ended.failure, ended.time, next.status, bench.server.seen.map(\.path))
    }
    #expect(
      found.0
        == .queueFull(
          "worker: expected at most 1 calls to wait, found 1 waiting: ask for more when some of them are answered"
        )
    )
    #expect(found.1 == .cancelled)
    #expect(found.2 < 1.1)
    #expect(found.3 == 200)
    #expect(found.4 == ["/channels/1/messages?0", "/channels/1/messages?3"])
  }

  /// The longest but one of a hundred calls of one worker, one each 200 ms, in seconds.
  private func slowest(isFlooded: Bool) async throws -> (slowest: Double, full: Int, limited: Int) {
    try await RESTStage.run { bench in
      async let flood = isFlooded ? bench.flood() : 0
      for number in 0..<100 {
        await bench.perform("GET", "/channels/\(number)", from: "other")
        try await bench.sleep(0.16)
      }
      let full = await flood
      let times = bench.ended.filter { $0.name != "flood" }.map { $0.time - $0.began }.sorted()
      return (times[98], full, bench.server.limited)
    }
  }

  @Test func `point 19: who floods gets queue-full, and others wait less than twice as long as without`() async throws {
    let alone = try await slowest(isFlooded: false)
    let flooded = try await slowest(isFlooded: true)
    #expect(flooded.slowest < 2 * alone.slowest)
    #expect(flooded.full >= 90)
    #expect(flooded.limited == 0)
    #expect(alone.full == 0)
  }

  @Test func `requesters take turns in a bucket, each one's calls in their order`() async throws {
    let order = try await RESTStage.run { bench in
      var calls = (0..<4).map { bench.call("POST", "/channels/1/messages?a\($0)", from: "a") }
      calls += (0..<2).map { bench.call("POST", "/channels/1/messages?b\($0)", from: "b") }
      await bench.performAll(calls)
      return bench.server.seen.map { String($0.path.suffix(2)) }
    }
    #expect(order == ["a0", "a1", "b0", "a2", "b1", "a3"])
  }
}

extension RESTBench {
  /// Makes four hundred calls at once again and again for twenty seconds; how many of them found the queue full.
  func flood() async -> Int {
    for round in 0..<30 where now < 20 {
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<400 {
          let call = call("POST", "/channels/\(1000 + number)/messages?\(round)", from: "flood", within: 600)
          group.addTask { [self] in _ = await perform(call, as: "flood") }
        }
      }
    }
    return ended.count { $0.failure?.kind == "queue_full" }
  }
}
