import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct AuthorizerTests {
  @Test func `one request serves all who wait, and all who come later`() async throws {
    let (texts, asked) = try await RedditStage.run { bench in
      var texts = await Self.tokens(bench, 20)
      texts.append(try await bench.token().get().text)
      return (texts, bench.reddit.tokenCalls.count)
    }
    #expect(texts == Array(repeating: "canary-token-1", count: 21))
    #expect(asked == 1)
  }

  /// What so many get who ask at once.
  @PluginActor
  private static func tokens(_ bench: RedditBench, _ count: Int) async -> [String] {
    await withTaskGroup(of: String.self) { group in
      for _ in 0..<count {
        group.addTask {
          switch await bench.token() {
          case .success(let token): token.text
          case .failure(let failure): failure.description
          }
        }
      }
      var texts: [String] = []
      for await text in group { texts.append(text) }
      return texts
    }
  }

  @Test func `an answer that has no token is told to all who wait`() async throws {
    let (texts, asked) = try await RedditStage.run { bench in
      bench.reddit.tokenAnswer = { _ in .page(503) }
      return (await Self.tokens(bench, 20), bench.reddit.tokenCalls.count)
    }
    #expect(texts.count == 20)
    #expect(texts.allSatisfy { $0.contains("503") })
    #expect(asked == 1)
  }

  @Test func `a token is renewed a minute before its end, and not earlier`() async throws {
    let times = try await RedditStage.run(step: .seconds(1)) { bench in
      bench.reddit.expiresIn = 600
      while bench.now < 1300 {
        _ = try await bench.token().get()
        try await bench.sleep(1)
      }
      return bench.reddit.tokenCalls.map(\.time)
    }
    #expect(times.count == 3)
    for (number, time) in times.enumerated() {
      let expected = Double(number) * 540
      #expect((expected...expected + 6).contains(time), "\(times)")
    }
  }

  @Test(arguments: [0, 1, 60])
  func `a token that ends at once serves all who waited for it, and is not asked for again and again`(seconds: Int)
    async throws
  {
    let (texts, asked) = try await RedditStage.run { bench in
      bench.reddit.expiresIn = seconds
      return (await Self.tokens(bench, 5), bench.reddit.tokenCalls.count)
    }
    #expect(texts == Array(repeating: "canary-token-1", count: 5))
    #expect(asked == 1)
  }

  @Test func `a token that Reddit refuses is replaced once, and a second refusal is an answer`() async throws {
    let (first, second, asked) = try await RedditStage.run { bench in
      _ = try await bench.token().get()
      bench.reddit.revoked = ["canary-token-1"]
      let first = try await bench.perform("POST", "/api/comment")
      bench.reddit.script = { seen, _ in seen.isToken ? nil : .answer(.json(401, [:])) }
      let second = try await bench.perform("GET", "/api/v1/me")
      return (first, second, bench.reddit.tokenCalls.count)
    }
    #expect(first.status == 200)
    #expect(second.status == 401)
    #expect(asked == 3)
  }

  @Test func `many whose token is refused at once ask for one`() async throws {
    let (statuses, asked) = try await RedditStage.run { bench in
      bench.reddit.limit = { [("x-ratelimit-remaining", "90"), ("x-ratelimit-reset", "60")] }
      try await bench.perform("GET", "/api/v1/me")
      bench.reddit.revoked = ["canary-token-1"]
      await bench.performAll(try (0..<12).map { try bench.call("GET", "/r/x\($0)/new") })
      return (bench.ended.map(\.status), bench.reddit.tokenCalls.count)
    }
    #expect(statuses == Array(repeating: 200, count: 13))
    #expect(asked == 2)
  }

  @Test func `a token that was refused long ago does not end the one of now`() async throws {
    let text = try await RedditStage.run { bench in
      let old = try await bench.token().get()
      bench.process.authorizer.refused(old)
      _ = try await bench.token().get()
      bench.process.authorizer.refused(old)
      return try await bench.token().get().text
    }
    #expect(text == "canary-token-2")
  }

  @Test func `whoever waits no longer does not keep the others from a token`() async throws {
    let texts = try await RedditStage.run { bench in
      bench.reddit.latency = { _ in (2000, 2000) }
      let first = Task { await bench.token() }
      try await bench.sleep(1)
      let others = Task { await Self.tokens(bench, 3) }
      try await bench.sleep(0.5)
      first.cancel()
      return await others.value
    }
    #expect(texts.allSatisfy { $0.hasPrefix("canary-token") }, "\(texts)")
  }
}
