import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct RefusalTests {
  /// A 429 as Cloudflare gives it.
  private static let banned = RESTAnswer(
    status: 429,
    headers: [("content-type", "text/html; charset=UTF-8"), ("retry-after", "30")],
    body: Array("<html><title>Access denied</title></html>".utf8)
  )

  @Test func `point 16: a shared limit is waited for as long as the body says and counts for nothing`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in
        // The head is wrong about shared limits.
        number == 0
          ? .answer(
            LimitedServer.limited(
              after: 13.5,
              ["x-ratelimit-scope": "shared", "x-ratelimit-bucket": "b", "x-ratelimit-reset-after": "0.5"]
            )
          ) : nil
      }
      let ended = await bench.perform("PUT", "/channels/1/messages/2/reactions/x/@me")
      try await bench.sleep(60)
      return (ended.status, ended.time, bench.metrics.limited.map(\.scope), try await bench.kept())
    }
    #expect(found.0 == 200)
    #expect(found.1 >= 13.5 && found.1 < 13.7)
    #expect(found.2 == ["shared"])
    #expect(found.3 == 0)
  }

  @Test func `point 16: a user's limit is waited for and tried once more, before those that came later`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in
        number == 0 ? .answer(LimitedServer.limited(after: 2, ["x-ratelimit-scope": "user"])) : nil
      }
      await bench.performAll((0..<3).map { bench.call("POST", "/channels/1/messages?\($0)") })
      try await bench.sleep(60)
      return (
        bench.server.seen.map(\.path), bench.server.seen[1].time, bench.ended.map(\.status), try await bench.kept()
      )
    }
    #expect(found.0 == [0, 0, 1, 2].map { "/channels/1/messages?\($0)" })
    #expect(found.1 >= 2.04 && found.1 < 2.2)
    #expect(found.2 == [200, 200, 200])
    #expect(found.3 == 1)
  }

  @Test func `point 16: while the global limit is hit everything pauses but interaction callbacks`() async throws {
    let token = "aW50ZXJhY3Rpb246MTox"
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in
        number == 0 ? .answer(LimitedServer.limited(after: 3, ["x-ratelimit-global": "true"])) : nil
      }
      async let first = bench.perform("GET", "/channels/1")
      try await bench.sleep(0.5)
      var callback = bench.call("POST", "/interactions/5/\(token)/callback")
      callback.isAuthorized = false
      var webhook = bench.call("POST", "/webhooks/6/secret")
      webhook.isAuthorized = false
      await bench.performAll([bench.call("GET", "/channels/2"), callback, webhook])
      _ = await first
      return bench.server.seen.map { ($0.path, $0.time) }
    }
    #expect(found[1].0 == "/interactions/5/\(token)/callback" && found[1].1 < 0.6)
    #expect(found.count == 5)
    #expect(found.dropFirst(2).allSatisfy { $0.1 >= 3.04 && $0.1 < 3.2 })
  }

  @Test func `point 17: after a 401 nothing is sent with the token until there is another`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { seen, _ in
        seen.headers["Authorization"] == "Bot canary"
          ? .answer(LimitedServer.error(401, ["message": "401: Unauthorized", "code": 0])) : nil
      }
      await bench.performAll((0..<4).map { bench.call("POST", "/channels/1/messages?\($0)") })
      await bench.perform("GET", "/users/@me")
      let refused = bench.ended.compactMap(\.failure)
      let sent = bench.server.seen.count
      var webhook = bench.call("POST", "/webhooks/6/secret")
      webhook.isAuthorized = false
      let other = await bench.perform(webhook)
      bench.token = "other"
      bench.client.secretsChanged()
      let after = await bench.perform("GET", "/users/@me")
      return (sent, bench.ended[0].status, refused, other.status, after.status, bench.client.refusal)
    }
    #expect(found.0 == 1)
    #expect(found.1 == 401)
    #expect(found.2 == Array(repeating: .refused(RESTGuard.tokenAdvice), count: 4))
    #expect(found.3 == 200 && found.4 == 200)
    #expect(found.5 == nil)
  }

  @Test func `point 17: a 403 is not tried again`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, _ in .answer(LimitedServer.error(403, ["message": "Missing Access", "code": 50001])) }
      let ended = await bench.perform("GET", "/channels/1/messages")
      try await bench.sleep(60)
      return (ended.status, bench.server.seen.count, try await bench.kept())
    }
    #expect(found.0 == 403)
    #expect(found.1 == 1)
    #expect(found.2 == 1)
  }

  @Test func `point 17: a webhook that is gone is remembered, a missing message of one is not`() async throws {
    let found = try await RESTStage.run { bench in
      bench.server.script = { seen, _ in
        seen.path.contains("messages")
          ? .answer(LimitedServer.error(404, ["message": "Unknown Message", "code": 10008]))
          : seen.path.hasPrefix("/webhooks/6/")
            ? .answer(LimitedServer.error(404, ["message": "Unknown Webhook", "code": 10015])) : nil
      }
      for path in ["/webhooks/5/a/messages/1", "/webhooks/5/a", "/webhooks/6/b", "/webhooks/6/b", "/webhooks/6/c"] {
        await bench.perform("PATCH", path)
      }
      return (bench.ended.map(\.status), bench.ended[3].failure)
    }
    #expect(found.0 == [404, 200, 404, nil, 404])
    guard case .refused(let words) = found.1 else {
      Issue.record("expected a refusal, found \(String(describing: found.1))")
      return
    }
    #expect(words.contains("make a new one") && !words.contains("/b"))
  }

  @Test(arguments: [("30", 30.0), (nil, 60.0)])
  func `point 17: a ban of Cloudflare's stops everything for as long as it says`(header: String?, wait: Double)
    async throws
  {
    let found = try await RESTStage.run { bench in
      bench.server.script = { _, number in
        var answer = Self.banned
        if header == nil { answer.headers.removeAll { $0.name == "retry-after" } }
        return number == 0 ? .answer(answer) : nil
      }
      async let first = bench.perform("GET", "/channels/1")
      try await bench.sleep(0.5)
      var callback = bench.call("POST", "/interactions/5/aW50ZXJhY3Rpb246MTox/callback", within: 3)
      callback.isAuthorized = false
      let refused = await bench.perform(callback)
      await bench.perform("GET", "/channels/2")
      _ = await first
      return (refused, bench.server.seen.map(\.time), bench.metrics.limited.map(\.scope))
    }
    guard case .deadline(let words) = found.0.failure else {
      Issue.record("expected to be told at once that it is too late, found \(found.0)")
      return
    }
    #expect(words.contains("its turn comes in \(Int(wait) - 1).") && found.0.time < 0.6)
    #expect(found.1.count == 3 && found.1.dropFirst().allSatisfy { $0 >= wait && $0 < wait + 0.3 })
    #expect(found.2 == ["machine"])
  }

  @Test(arguments: [
    (RefusalTests.banned, Limited.Scope.machine, 30.0),
    (LimitedServer.error(429, ["message": "You are being blocked from accessing our API", "code": 0]), .machine, 60),
    (RESTAnswer(status: 429), .machine, 60),
    (LimitedServer.limited(after: 0.25, ["x-ratelimit-scope": "user"]), .user, 0.25),
    (LimitedServer.limited(after: 0.25, [:]), .user, 0.25),
    (LimitedServer.limited(after: 1336.57, ["x-ratelimit-scope": "shared"]), .shared, 1336.57),
    (LimitedServer.limited(after: 2, ["x-ratelimit-scope": "global"]), .global, 2),
    (LimitedServer.limited(after: -1, ["retry-after": "3"]), .user, 3),
  ])
  func `point 16: a 429 tells whose limit was hit and for how long`(
    answer: RESTAnswer,
    scope: Limited.Scope,
    seconds: Double
  ) throws {
    let limited = try #require(Limited(answer))
    #expect(limited.scope == scope)
    #expect(limited.retryAfter == Int64(seconds * 1e9))
    #expect(answer.isInvalid == (scope != .shared))
  }

  @Test func `point 17: the breaker opens for all requesters long before a ban and closes after ten minutes`()
    async throws
  {
    let found = try await RESTStage.run(step: .milliseconds(20)) { bench in
      _ = bench.client(RESTSettings(invalidMost: 20))
      bench.server.script = { _, number in
        number < 20 ? .answer(LimitedServer.error(403, ["message": "Missing Access", "code": 50001])) : nil
      }
      for number in 0..<25 { await bench.perform("GET", "/channels/\(number)", from: "worker\(number % 3)") }
      let sent = bench.server.seen.count
      let last = bench.ended[24].failure
      try await bench.sleep(540)
      let still = await bench.perform("GET", "/channels/1")
      try await bench.sleep(130)
      return (sent, last, still.failure != nil, await bench.perform("GET", "/channels/1").status)
    }
    #expect(found.0 == 20)
    guard case .refused(let words) = found.1 else {
      Issue.record("expected a refusal, found \(String(describing: found.1))")
      return
    }
    #expect(words.contains("expected fewer than 20 answers of 401, 403 and 429 in ten minutes, found 20"))
    #expect(found.2)
    #expect(found.3 == 200)
  }

  @Test func `point 17: a restart forgets nothing of what was refused`() async throws {
    var kept = InvalidRequests(most: 100)
    for _ in 0..<19 { kept.add(FakeHost.epoch - 60_000_000_000) }
    let found = try await RESTStage.run(documents: [RESTGuard.document: kept.bytes]) { bench in
      let client = bench.client(RESTSettings(invalidMost: 20))
      await client.start()
      bench.server.script = { _, _ in .answer(LimitedServer.error(403, ["code": 50013])) }
      let first = await bench.perform("GET", "/channels/1")
      // Killed right after the first it would still have been counted.
      try await bench.sleep(0.01)
      let count = try await bench.kept()
      return (first.status, count, await bench.perform("GET", "/channels/1").failure != nil)
    }
    #expect(found.0 == 403)
    #expect(found.1 == 20)
    #expect(found.2)
  }
}

extension RESTBench {
  /// How many invalid requests are written down.
  func kept() async throws -> Int {
    guard let document = try await context.state.get(RESTGuard.document) else { return 0 }
    var counts = InvalidRequests(most: .max)
    counts.restore(document.bytes, context.clock.now.nanoseconds)
    return counts.count(context.clock.now.nanoseconds)
  }
}
