import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct LimitTests {
  @Test func `point 13: two hundred sends to two hundred channels are never too fast and done in 4.2 seconds`()
    async throws
  {
    let found = try await RESTStage.run(step: .milliseconds(1)) { bench in
      // A network whose delay varies by a tenth of a second.
      bench.server.latency = { number in (10 + number * 37 % 100, 10 + number * 53 % 60) }
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 5, seconds: 5) }
      await bench.performAll((1...200).map { bench.call("POST", "/channels/\($0)/messages") })
      return (bench.ended.count { $0.status == 200 }, bench.server.limited, bench.server.densest, bench.now)
    }
    #expect(found.0 == 200)
    #expect(found.1 == 0)
    #expect(found.2 <= 50)
    #expect(found.3 <= 4.2)
    // It could not be less: the first three seconds take fifty each.
    #expect(found.3 > 3)
  }

  @Test func `point 14: twenty sends to a channel of five a five seconds are all answered in time`() async throws {
    let found = try await RESTStage.run(step: .milliseconds(1)) { bench in
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 5, seconds: 5) }
      var calls: [RESTCall] = []
      for number in 0..<20 {
        var call = bench.call("POST", "/channels/1/messages")
        call.body = Array("\(number)".utf8)
        calls.append(call)
      }
      await bench.performAll(calls)
      return (bench.ended, bench.server.seen.map(\.body), bench.server.limited)
    }
    #expect(found.0.map(\.status) == Array(repeating: 200, count: 20))
    #expect(found.1 == (0..<20).map { "\($0)" })
    #expect(found.2 == 0)
    #expect(try #require(found.0.map(\.time).max()) <= 15.5)
    // None sleeps with its answer in hand: the first five return before the limit is waited for.
    #expect(found.0[4].time < 0.5)
  }

  @Test func `point 14: a message that is slow on its way is not overtaken`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 100, seconds: 60) }
      bench.server.latency = { number in (number == 2 ? 500 : 20, 20) }
      await bench.performAll((0..<6).map { bench.call("POST", "/channels/1/messages?\($0)") })
      return bench.server.seen.map { String($0.path.suffix(1)) }
    }
    #expect(found == ["0", "1", "2", "3", "4", "5"])
  }

  @Test func `point 15: while nothing is known of a bucket one call goes at a time, then reads go together`()
    async throws
  {
    let times = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "read", limit: 10, seconds: 10) }
      await bench.performAll((0..<5).map { bench.call("GET", "/channels/1/messages?limit=\($0)") })
      return bench.ended.map(\.time)
    }
    #expect(times == [0.04, 0.08, 0.08, 0.08, 0.08])
  }

  @Test func `point 15: two routes that share a bucket share its limit`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "shared", limit: 4, seconds: 2) }
      await bench.perform("PUT", "/channels/1/pins/2")
      await bench.perform("GET", "/channels/1/invites")
      await bench.performAll(
        (0..<6).map {
          bench.call($0 % 2 == 0 ? "PUT" : "GET", $0 % 2 == 0 ? "/channels/1/pins/2" : "/channels/1/invites")
        }
      )
      return (bench.server.limited, bench.ended.map(\.status), bench.now)
    }
    #expect(found.0 == 0)
    #expect(found.1 == Array(repeating: 200, count: 8))
    #expect(found.2 > 2 && found.2 < 2.5)
  }

  @Test func `point 15: what waits moves along when the bucket gets another name`() async throws {
    let found = try await RESTStage.run { bench in
      var count = 0
      bench.server.rule = { _, path in
        count += path.hasPrefix("/channels/1/") ? 1 : 0
        return .init(bucket: count < 4 ? "before" : "after", limit: 3, seconds: 2)
      }
      var calls = (0..<9).map { bench.call("POST", "/channels/1/messages?\($0)") }
      calls += (0..<3).map { bench.call("POST", "/channels/2/messages?\($0)") }
      await bench.performAll(calls)
      let order = bench.server.seen.map(\.path).filter { $0.hasPrefix("/channels/1/") }
      return (order, bench.server.limited, bench.ended.count { $0.status == 200 }, bench.now)
    }
    #expect(found.0 == (0..<9).map { "/channels/1/messages?\($0)" })
    #expect(found.1 == 0)
    #expect(found.2 == 12)
    #expect(found.3 > 4 && found.3 < 4.6)
  }

  @Test func `point 15: a channel that waits for its limit holds up no other`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "post", limit: 1, seconds: 30) }
      await bench.perform("POST", "/channels/1/messages")
      await bench.performAll([
        bench.call("POST", "/channels/1/messages"), bench.call("POST", "/channels/2/messages"),
      ])
      return bench.ended.map { ($0.name, $0.time) }
    }
    #expect(found[1].0 == "1" && found[1].1 < 0.1)
    #expect(found[2].0 == "0" && found[2].1 > 30)
  }

  @Test func `thousands of channels are forgotten when nothing is left to be known of them`() async throws {
    let count = try await RESTStage.run(step: .milliseconds(20)) { bench in
      let client = bench.client(RESTSettings(rate: 2000))
      bench.server.script = { _, _ in .answer(RESTAnswer(status: 204)) }
      for start in stride(from: 0, to: 4000, by: 200) {
        await bench.performAll((0..<200).map { bench.call("PUT", "/channels/\(start + $0)/pins/1") })
      }
      return client.bucketCount
    }
    #expect(count <= 1024)
  }

  @Test func `answers that overtake each other do not make a bucket look fuller than it is`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.rule = { _, _ in .init(bucket: "read", limit: 4, seconds: 3) }
      // The first of those that go together comes back last.
      bench.server.latency = { number in (20, number == 1 ? 400 : 20) }
      await bench.performAll((0..<12).map { bench.call("GET", "/channels/1/messages?limit=\($0)") })
      return (bench.server.limited, bench.ended.count { $0.status == 200 })
    }
    #expect(found.0 == 0)
    #expect(found.1 == 12)
  }
}
