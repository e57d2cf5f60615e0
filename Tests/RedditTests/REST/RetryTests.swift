import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RetryTests {
  struct Case: Sendable {
    let method: String
    let reply: String
    /// How often it is sent.
    let sent: Int
    /// The status, or the kind of the failure.
    let end: String
  }

  nonisolated static func reply(_ name: String) -> FakeReddit.Reply {
    switch name {
    case "page": .answer(.page(200))
    case "unknown": .failure(.unknown("it broke"))
    case "unreachable": .failure(.unreachable("nobody"))
    case "deadline": .failure(.deadline("late"))
    case let status: .answer(.json(Int(status) ?? 0, [:]))
    }
  }

  /// What each becomes that goes wrong once, and then is well.
  static let once: [Case] = [
    Case(method: "GET", reply: "500", sent: 2, end: "200"), Case(method: "GET", reply: "502", sent: 2, end: "200"),
    Case(method: "GET", reply: "503", sent: 2, end: "200"), Case(method: "GET", reply: "504", sent: 2, end: "200"),
    Case(method: "GET", reply: "page", sent: 2, end: "200"), Case(method: "GET", reply: "unknown", sent: 2, end: "200"),
    Case(method: "GET", reply: "unreachable", sent: 2, end: "200"),
    Case(method: "GET", reply: "deadline", sent: 1, end: "deadline"),
    Case(method: "GET", reply: "404", sent: 1, end: "404"), Case(method: "GET", reply: "403", sent: 1, end: "403"),
    Case(method: "GET", reply: "429", sent: 2, end: "200"),
    Case(method: "POST", reply: "500", sent: 1, end: "unknown"),
    Case(method: "POST", reply: "503", sent: 1, end: "unknown"),
    Case(method: "PATCH", reply: "502", sent: 1, end: "unknown"),
    Case(method: "POST", reply: "page", sent: 1, end: "200"),
    Case(method: "POST", reply: "unknown", sent: 1, end: "unknown"),
    // It was not sent, or refused before anything was done.
    Case(method: "POST", reply: "unreachable", sent: 2, end: "200"),
    Case(method: "POST", reply: "429", sent: 2, end: "200"), Case(method: "POST", reply: "401", sent: 2, end: "200"),
    Case(method: "PUT", reply: "500", sent: 2, end: "200"), Case(method: "DELETE", reply: "500", sent: 2, end: "200"),
  ]

  @Test(arguments: once.indices)
  func `what may be sent again is, and nothing else`(index: Int) async throws {
    let one = Self.once[index]
    let (end, sent) = try await RedditStage.run { bench in
      var isFirst = true
      bench.reddit.script = { seen, _ in
        guard !seen.isToken, isFirst else { return nil }
        isFirst = false
        return Self.reply(one.reply)
      }
      return (try await bench.perform(one.method, "/r/x/new"), bench.reddit.calls.count)
    }
    #expect(sent == one.sent)
    #expect((end.status.map { "\($0)" } ?? end.failure?.kind) == one.end)
  }

  @Test(arguments: ["500", "page", "unreachable", "unknown", "429"])
  func `what goes wrong again and again ends after some tries, with what came last`(reply: String) async throws {
    let (end, times) = try await RedditStage.run { bench in
      bench.reddit.script = { seen, _ in seen.isToken ? nil : Self.reply(reply) }
      return (try await bench.perform("GET", "/r/x/new", within: 600), bench.reddit.calls.map(\.time))
    }
    #expect(times.count == RESTSettings().triesMax)
    #expect((end.status.map { "\($0)" } ?? end.failure?.kind) == (reply == "page" ? "200" : reply))
    let waits = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(reply == "429" ? waits.allSatisfy { $0 >= 5 } : waits == waits.sorted(), "\(waits)")
  }

  @Test func `while Reddit says to wait, nobody's call is sent`() async throws {
    let times = try await RedditStage.run { bench in
      bench.reddit.limit = { [("x-ratelimit-remaining", "90"), ("x-ratelimit-reset", "600")] }
      try await bench.perform("GET", "/r/x/new")
      var isFirst = true
      bench.reddit.script = { seen, _ in
        guard seen.path == "/r/first/new", isFirst else { return nil }
        isFirst = false
        return .answer(.json(429, [:], [("retry-after", "20")]))
      }
      let calls = ["/r/first/new"] + (0..<8).map { "/r/x\($0)/new" }
      await bench.performAll(try calls.map { try bench.call("GET", $0) })
      return bench.reddit.calls.map(\.time)
    }
    // Those that were under way already, and then nothing for twenty seconds.
    let first = times.dropFirst().first ?? 0
    #expect(times.filter { $0 < first + 15 }.count <= 5, "\(times)")
    #expect(times.filter { $0 > first + 0.2 && $0 < first + 20 }.isEmpty, "\(times)")
    #expect(times.count == 11)
  }

  @Test func `a call whose turn does not come in time ends at its deadline`() async throws {
    let (end, others) = try await RedditStage.run { bench in
      bench.reddit.limit = { [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "500")] }
      try await bench.perform("GET", "/r/x/new")
      let end = try await bench.perform("GET", "/r/x/new", within: 10)
      // It waits behind one that is under way.
      return (end, try await bench.perform("POST", "/api/x", within: 600))
    }
    #expect(end.failure?.kind == "deadline")
    #expect((9...10.5).contains(end.time - end.began), "\(end.time - end.began)")
    #expect(others.status == 200)
  }

  @Test func `a call behind one that nobody answers ends at its own deadline`() async throws {
    let end = try await RedditStage.run { bench in
      bench.reddit.script = { seen, _ in seen.path == "/r/slow/new" ? .hang : nil }
      let slow = PluginActor.task { _ = try? await bench.perform("GET", "/r/slow/new", within: 500) }
      try await bench.until { bench.reddit.hung > 0 }
      let end = try await bench.perform("GET", "/r/x/new", within: 10)
      slow.cancel()
      return end
    }
    #expect(end.failure?.kind == "deadline")
    #expect((9...10.5).contains(end.time - end.began), "\(end.time - end.began)")
  }

  @Test func `a call that is cancelled leaves its place`() async throws {
    let (ended, paths) = try await RedditStage.run { bench in
      bench.reddit.latency = { _ in (1000, 1000) }
      let first = PluginActor.task { _ = try? await bench.perform("GET", "/r/first/new") }
      try await bench.sleep(2.5)
      let second = PluginActor.task { _ = try? await bench.perform("GET", "/r/second/new") }
      let third = PluginActor.task { _ = try? await bench.perform("GET", "/r/third/new") }
      try await bench.sleep(0.2)
      second.cancel()
      await first.value
      await second.value
      await third.value
      return (bench.ended, bench.reddit.calls.map(\.path))
    }
    #expect(paths == ["/r/first/new", "/r/third/new"])
    #expect(ended.first { $0.name == "/r/second/new" }?.failure == .cancelled)
  }

  @Test func `of one requester no more than so many calls wait`() async throws {
    let kinds = try await RedditStage.run { bench in
      bench.reddit.latency = { _ in (1000, 1000) }
      _ = await bench.token()
      await bench.performAll(try (0..<300).map { try bench.call("GET", "/r/x\($0)/new", within: 10) })
      return bench.ended.map { $0.failure?.kind ?? "well" }
    }
    #expect(kinds.count { $0 == "queue_full" } == 300 - RESTSettings().waitingMax - 1)
    #expect(kinds.count { $0 == "well" } >= 4)
  }
}
