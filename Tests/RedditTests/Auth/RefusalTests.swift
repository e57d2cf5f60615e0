import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RefusalTests {
  struct Case: Sendable {
    let status: Int
    let error: String
    let secrets: [String: String]
    let words: String
  }

  private static let refresh = ["reddit_client_id": "a", "reddit_refresh_token": "canary-r"]
  private static let bare = ["reddit_client_id": "a"]

  static let refused: [Case] = [
    Case(status: 401, error: "", secrets: RedditStage.script, words: "does not know the app"),
    Case(status: 200, error: "invalid_grant", secrets: RedditStage.script, words: "a password may be wrong"),
    Case(status: 400, error: "invalid_grant", secrets: refresh, words: "may have been revoked"),
    Case(status: 400, error: "", secrets: refresh, words: "may have been revoked"),
    Case(status: 400, error: "", secrets: bare, words: "without an account"),
    Case(status: 200, error: "unsupported_grant_type", secrets: RedditStage.script, words: "of the type script"),
    Case(status: 200, error: "unauthorized_client", secrets: RedditStage.script, words: "this type of app"),
    Case(status: 400, error: "unauthorized_client", secrets: RedditStage.script, words: "this type of app"),
    Case(status: 400, error: "unsupported_grant_type", secrets: RedditStage.script, words: "this type of app"),
  ]

  @Test(arguments: refused.indices)
  func `what is refused for good is asked once, and again with other credentials`(index: Int) async throws {
    let one = Self.refused[index]
    let (refusal, asked, text) = try await RedditStage.run(secrets: one.secrets) { bench in
      bench.reddit.tokenAnswer = { seen in
        seen.form["refresh_token"] == "new"
          ? nil : .json(one.status, one.error.isEmpty ? [:] : ["error": .string(one.error)])
      }
      for _ in 0..<5 {
        guard case .failure(.refused) = await bench.token() else { throw ProviderError("expected a refusal") }
      }
      let (refusal, asked) = (bench.process.authorizer.refusal, bench.reddit.tokenCalls.count)
      await bench.host.give(credentials: ["reddit_client_id": "b", "reddit_refresh_token": "new"])
      bench.process.authorizer.secretsChanged()
      return (refusal, asked, try await bench.token().get().text)
    }
    #expect(refusal?.contains(one.words) == true, "\(refusal ?? "nothing")")
    #expect(asked == 1)
    #expect(text == "canary-token-1")
  }

  static let passing: [RESTAnswer] = [
    .json(429, [:], [("retry-after", "3")]), .json(500, [:]), .page(502), .page(503), .page(200), .page(403),
    .json(200, [:]), .json(302, [:]),
  ]

  @Test(arguments: passing.indices)
  func `what passes by itself is asked again`(index: Int) async throws {
    let (failure, refusal, text) = try await RedditStage.run { bench in
      bench.reddit.tokenAnswer = { _ in Self.passing[index] }
      guard case .failure(let failure) = await bench.token() else { throw ProviderError("expected no token") }
      let refusal = bench.process.authorizer.refusal
      bench.reddit.tokenAnswer = { _ in nil }
      return (failure, refusal, try await bench.token().get().text)
    }
    #expect(failure.kind == "unreachable")
    #expect(failure.description.contains("\(Self.passing[index].status)"))
    #expect(refusal == nil)
    #expect(text == "canary-token-1")
  }

  @Test(arguments: [true, false])
  func `an answer to credentials that have been replaced meanwhile says nothing of the new ones`(isRefused: Bool)
    async throws
  {
    let (old, text, refusal, forms) = try await RedditStage.run(secrets: Self.refresh) { bench in
      bench.reddit.latency = { $0 == 0 ? (1000, 1000) : (20, 20) }
      bench.reddit.tokenAnswer = { seen in
        seen.form["refresh_token"] == "new" || !isRefused ? nil : .json(400, ["error": "invalid_grant"])
      }
      let first = Task { await bench.token() }
      try await bench.sleep(0.5)
      await bench.host.give(credentials: ["reddit_client_id": "a", "reddit_refresh_token": "new"])
      bench.process.authorizer.secretsChanged()
      let old = await first.value
      let text = try await bench.token().get().text
      let forms = bench.reddit.tokenCalls.map { $0.form["refresh_token"] ?? "" }
      return ((try? old.get()) != nil, text, bench.process.authorizer.refusal, forms)
    }
    #expect(old == true, "whoever waited has a token of the new credentials")
    #expect(text == (isRefused ? "canary-token-1" : "canary-token-2"))
    #expect(refusal == nil)
    #expect(forms == ["canary-r", "new"])
  }

  @Test func `a call that goes while the credentials become unusable leaves its place to others`() async throws {
    let statuses = try await RedditStage.run(secrets: RedditStage.script) { bench in
      // One after the other, since Reddit does not tell how many are left.
      for round in 0..<6 {
        bench.reddit.latency = { _ in (500, 500) }
        let first = Task { try await bench.perform("GET", "/r/first\(round)/new") }
        try await bench.sleep(0.7)
        let second = Task { try await bench.perform("GET", "/r/second\(round)/new") }
        try await bench.sleep(0.1)
        await bench.host.give(credentials: [:])
        bench.process.authorizer.secretsChanged()
        _ = try await (first.value, second.value)
        await bench.host.give(credentials: RedditStage.script)
        bench.process.authorizer.secretsChanged()
      }
      return [try await bench.perform("GET", "/r/last/new").status]
    }
    #expect(statuses == [200])
  }
}
