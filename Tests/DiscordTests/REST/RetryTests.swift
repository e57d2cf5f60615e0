import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct RetryTests {
  private static let trouble = LimitedServer.Reply.answer(RESTAnswer(status: 502, headers: [("via", "1.1 google")]))

  @Test func `point 18: a message whose answer is lost is sent again with its nonce and is there once`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in number < 2 ? .lost : nil }
      var call = bench.call("POST", "/channels/1/messages")
      call.body = Array(#"{"content":"x","nonce":"n1","enforce_nonce":true}"#.utf8)
      call.isRepeatable = true
      let ended = await bench.perform(call)
      return (ended.status, bench.server.seen.map(\.body), bench.server.messages.count)
    }
    #expect(found.0 == 200)
    #expect(found.1.count == 3 && Set(found.1).count == 1)
    #expect(found.2 == 1)
  }

  @Test func `point 18: a call that may not be repeated is told that it is unknown what became of it`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in number == 0 ? .lost : Self.trouble }
      await bench.perform("POST", "/channels/1/messages")
      await bench.perform("POST", "/channels/2/messages")
      return (bench.ended.compactMap(\.failure), bench.server.seen.count)
    }
    #expect(found.1 == 2)
    #expect(found.0.map(\.kind) == ["unknown", "unknown"])
    #expect(found.0[1].description.contains("nonce and enforce_nonce"))
  }

  @Test func `point 18: two answers of 502 are waited out twice as long each time, and nothing overtakes`() async throws
  {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in number < 2 ? Self.trouble : nil }
      await bench.performAll([bench.call("PUT", "/channels/1/pins/1"), bench.call("PUT", "/channels/1/pins/2")])
      return (
        bench.server.seen.map(\.path), bench.server.seen.map(\.time), bench.ended.map(\.status), bench.metrics.retried
      )
    }
    #expect(found.0 == [1, 1, 1, 2].map { "/channels/1/pins/\($0)" })
    let waits = zip(found.1, found.1.dropFirst()).map { $1 - $0 }
    #expect(waits[0] > 0.2 && waits[0] < 0.3)
    #expect(waits[1] > 0.4 && waits[1] < 0.6)
    #expect(found.2 == [200, 200])
    #expect(found.3.count == 2)
  }

  @Test func `a call that was not sent at all is tried again even if it may not be repeated`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in number < 2 ? .failure(.unreachable("no route")) : nil }
      let ended = await bench.perform("POST", "/channels/1/messages")
      return (ended.status, bench.server.messages.count)
    }
    #expect(found.0 == 200)
    #expect(found.1 == 1)
  }

  @Test func `the last answer is given when trying again is of no use`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, _ in Self.trouble }
      let many = await bench.perform("GET", "/channels/1")
      let sent = bench.server.seen.count
      let short = await bench.perform("GET", "/channels/2", within: 0.2)
      return (many.status, sent, short.status, short.time - short.began)
    }
    #expect(found.0 == 502)
    #expect(found.1 == RESTSettings().triesMax)
    #expect(found.2 == 502)
    #expect(found.3 < 0.1)
  }

  @Test func `a request has the token, the agent and the reason, and the token in no line of the log`() async throws {
    let found = try await RESTStage.run { bench in
      var call = bench.call("PUT", "/guilds/1/bans/2")
      call.reason = "spam ü\nx: y"
      call.body = Array("{}".utf8)
      await bench.perform(call)
      call.reason = String(repeating: "x", count: 513)
      let long = await bench.perform(call)
      call.reason = nil
      bench.token = "Bot canary"
      let wrong = await bench.perform(call)
      return (bench.server.seen[0], long.failure?.description, wrong.failure?.description, bench.server.seen.count)
    }
    #expect(found.0.headers["Authorization"] == "Bot canary")
    #expect(found.0.headers["User-Agent"]?.hasPrefix("DiscordBot (https://") == true)
    #expect(found.0.headers["X-Audit-Log-Reason"] == "spam%20%C3%BC%0Ax%3A%20y")
    #expect(found.0.headers["Content-Type"] == "application/json")
    #expect(found.1 == "reason: expected 1 to 512 characters, found 513")
    #expect(found.2?.contains("without \"Bot\" before it") == true && found.2?.contains("canary") == false)
    #expect(found.3 == 1)
  }
}
