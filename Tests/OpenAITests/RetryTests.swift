import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import OpenAI

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RetryTests {
  /// What goes wrong once, how often the call is sent then, and the status that it ends with or the words that it has.
  struct Case: Sendable {
    let reply: HTTPDouble.Reply
    let sent: Int
    let end: String
  }

  static let once: [Case] = [
    Case(reply: .answer(.error(500, "no")), sent: 2, end: "200"),
    Case(reply: .answer(.error(503, "loading")), sent: 2, end: "200"),
    Case(reply: .answer(.error(429, "slowly")), sent: 2, end: "200"),
    Case(reply: .answer(.body(200, "<html>")), sent: 2, end: "200"),
    Case(reply: .answer(.body(200, #"{"data": [{"ind"#)), sent: 2, end: "200"),
    Case(reply: .failure(.unknown("it broke")), sent: 2, end: "200"),
    Case(reply: .failure(.unreachable("nobody")), sent: 2, end: "200"),
    Case(reply: .failure(.deadline("late")), sent: 1, end: "late"),
    Case(reply: .answer(.error(400, "no")), sent: 1, end: "400"),
    Case(reply: .answer(.error(401, "no")), sent: 1, end: "401"),
    Case(reply: .answer(.error(403, "no")), sent: 1, end: "403"),
    Case(reply: .answer(.body(404, "no")), sent: 1, end: "404"),
    Case(reply: .answer(.error(429, "spent", "insufficient_quota")), sent: 1, end: "429"),
  ]

  @Test(arguments: once.indices)
  func `what passes is tried again, and nothing else`(index: Int) async throws {
    let (answer, words, sent) = try await OpenAIBench.run { bench in
      bench.answer([Self.once[index].reply])
      let (answer, words) = await bench.ask()
      return (answer, words, bench.api.seen.count)
    }
    #expect(sent == Self.once[index].sent)
    #expect((answer["status"]?.intValue.map { "\($0)" } ?? words) == Self.once[index].end)
  }

  @Test func `what goes wrong again and again ends after some tries, waiting longer each time`() async throws {
    let (answer, times, problem) = try await OpenAIBench.run { bench in
      bench.answer(Array(repeating: .answer(.body(502, "<html>Bad Gateway</html>")), count: 100))
      let (answer, _) = await bench.ask(within: 600)
      return (answer, bench.api.seen.map(\.time), bench.client.problem)
    }
    #expect(times.count == RESTClient.triesMax)
    let waits = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(waits == waits.sorted() && waits[0] > 0.1, "\(waits)")
    #expect(answer["status"] == 502 && answer["error"]?["message"] == "a page for people")
    #expect(problem == "POST /embeddings: the server is in trouble (502)")
  }

  static let limits: [(headers: [String: String], seconds: Double)] = [
    (["retry-after": "7"], 7), (["retry-after": "1", "retry-after-ms": "2500"], 2.5), (["retry-after": "soon"], 0.1),
  ]

  @Test(arguments: limits.indices)
  func `while the server says to wait, nobody's call is sent`(index: Int) async throws {
    let (headers, seconds) = Self.limits[index]
    let (answers, times) = try await OpenAIBench.run { bench in
      bench.answer([.answer(.error(429, "slowly", "rate_limit_exceeded", headers))])
      async let first = bench.ask().0
      // Behind the first answer.
      try await bench.context.clock.sleep(for: .milliseconds(100))
      async let second = bench.ask().0
      return (await [first, second], bench.api.seen.map(\.time))
    }
    #expect(answers.allSatisfy { $0["status"] == 200 })
    #expect(times.count == 3 && times[0] < 0.1)
    #expect(times.dropFirst().allSatisfy { $0 >= seconds }, "\(times)")
  }

  @Test func `a wait beyond the deadline is told at once, also to those who ask next`() async throws {
    let (first, second, sent) = try await OpenAIBench.run { bench in
      bench.answer([.answer(.error(429, "slowly", "", ["retry-after": "120"]))])
      return await (bench.ask().0, bench.ask().1, bench.api.seen.count)
    }
    #expect(first["status"] == 429 && first["retry_after_ms"] == 120_000 && first["error"]?["message"] == "slowly")
    #expect(second.contains("the server's limit was hit, and lasts for 120 s more: ask again later"), "\(second)")
    #expect(sent == 1)
  }

  @Test func `a key that is refused is not sent again, until there is another`() async throws {
    let states = try await OpenAIBench.run { bench in
      bench.answer([.answer(.error(401, "Incorrect API key provided: \(OpenAIBench.key)", "invalid_api_key"))])
      var words: [String] = []
      var states: [(sent: Int, problem: String?)] = []
      // Another call may be one that the key is good for.
      let models: JSON = ["method": "GET", "path": "/models"]
      for order in [OpenAIBench.vectors(), OpenAIBench.vectors(), models, OpenAIBench.vectors()] {
        if states.count == 3 { bench.client.secretsChanged() }
        let (answer, refusal) = await bench.ask(order)
        words.append((answer["error"]?["message"]?.stringValue ?? "") + (answer["hint"]?.stringValue ?? refusal))
        states.append((bench.api.seen.count, bench.client.problem))
      }
      return zip(words, states).map { (words: $0, sent: $1.sent, problem: $1.problem) }
    }
    #expect(states[0].words.hasPrefix("Incorrect API key provided: [api key]the key was refused (401)"))
    #expect(states.map(\.sent) == [1, 1, 2, 3])
    #expect(states[1].words.contains("run promethean secrets rotate"), "\(states[1].words)")
    #expect(states.dropLast().allSatisfy { $0.problem?.hasPrefix("the key was refused (401)") == true })
    #expect(states[3].words.isEmpty && states[3].problem == nil)
  }

  @Test func `a limit that lasts is told by health, and is over with another key`() async throws {
    let (problems, refusal, answer) = try await OpenAIBench.run { bench in
      bench.answer([.answer(.error(429, "slowly", "rate_limit", ["retry-after": "86400"]))])
      _ = await bench.ask()
      var problems = [bench.client.problem]
      let refusal = await bench.ask().1
      bench.client.secretsChanged()
      problems.append(bench.client.problem)
      return await (problems, refusal, bench.ask().0)
    }
    #expect(problems[0]?.hasPrefix("the server's limit was hit, and lasts for 86") == true, "\(problems)")
    #expect(problems[1] == nil)
    #expect(refusal.contains("the server's limit was hit"), "\(refusal)")
    #expect(answer["ok"] == true)
  }

  @Test func `a key that no header can hold is refused without being told`() async throws {
    let (words, sent) = try await OpenAIBench.run(key: "Bearer canary") { await ($0.ask().1, $0.api.seen.count) }
    #expect(words.hasPrefix("credential api_key: expected one word of printable characters"), "\(words)")
    #expect(sent == 0 && !words.contains("canary"))
  }

  @Test func `health says what is wrong with the server, and no longer when that is over`() async throws {
    let problems = try await OpenAIBench.run { bench in
      let spent = RESTAnswer.error(429, "You exceeded your current quota", "insufficient_quota")
      let unreachable = Array(repeating: HTTPDouble.Reply.failure(.unreachable("http://x: nobody")), count: 5)
      let page = Array(repeating: HTTPDouble.Reply.answer(.body(200, "<html>")), count: 5)
      bench.answer([.answer(spent)] + unreachable + [.answer(.error(400, "a text is too long"))] + page)
      var problems: [String?] = []
      for _ in 0..<5 {
        _ = await bench.ask(within: 600)
        problems.append(bench.client.problem)
      }
      return problems
    }
    #expect(problems[0]?.contains("no credit left") == true)
    #expect(problems[1] == "http://x: nobody")
    #expect(problems[2] == nil)
    #expect(problems[3]?.contains("found a page for people: compare config.api") == true)
    #expect(problems[4] == nil)
  }

  static let words: [(body: String, message: String, code: String)] = [
    (#"{"error": {"message": "m", "type": "t", "code": "c"}}"#, "m", "c"),
    (#"{"error": {"message": "m", "type": "t", "code": 400}}"#, "m", "t"),
    (#"{"error": "model not found"}"#, "model not found", ""),
    (#"{"object": "error", "message": "too long"}"#, "too long", ""), (#"{"detail": "Not Found"}"#, "Not Found", ""),
    (#"{"detail": [{"msg": "x"}]}"#, "x", ""), ("", "nothing", ""),
    (#"{"a": 1}"#, "8 bytes of something else", ""), ("nope", "4 bytes of something else", ""),
    (" <html>", "a page for people", ""),
  ]

  @Test(arguments: words.indices)
  func `the words of servers are found where each has them`(index: Int) throws {
    let one = Self.words[index]
    let problem = try #require(APIProblem(.body(400, one.body)))
    #expect(problem.message == one.message && problem.code == one.code)
  }

  @Test func `long words are cut`() throws {
    let answer = RESTAnswer.error(400, String(repeating: "ä", count: 10_000), String(repeating: "c", count: 500))
    let problem = try #require(APIProblem(answer))
    #expect(problem.message.utf8.count == 500 && problem.code.utf8.count == 64)
  }
}
