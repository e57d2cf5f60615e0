import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct ProxyTests {
  private static func order(_ payload: JSON, isRequest: Bool = true) -> Envelope {
    var envelope = Envelope(topic: "promethean.p.reddit.t.demo.rest.request", payload: payload.bytes())
    (envelope.src, envelope.flags) = ("worker", isRequest ? .request : [])
    return envelope
  }

  /// What is sent for a request, and what it is answered with or the words of its refusal.
  private static func ask(
    _ payload: JSON,
    grants: [String] = [],
    answer: RESTAnswer? = nil
  ) async throws -> (sent: [FakeReddit.Seen], json: JSON, words: String) {
    let binding: JSON = ["grants": ["provider.rest.call": .array(grants.map { .string($0) })]]
    return try await RedditStage.run(binding: binding) { bench in
      if let answer { bench.reddit.script = { seen, _ in seen.isToken ? nil : .answer(answer) } }
      do {
        let response = try await bench.process.proxy.handle(order(payload))
        return (bench.reddit.calls, (try? JSON.parse(response.payload)) ?? .null, "")
      } catch {
        return (bench.reddit.calls, .null, "\(error)")
      }
    }
  }

  static let urls: [(path: String, url: String)] = [
    ("/r/x/new", "/r/x/new?raw_json=1"), ("/r/x/new?limit=5", "/r/x/new?limit=5&raw_json=1"),
    ("/r/x/new?raw_json=0", "/r/x/new?raw_json=0"), ("/r/x/new?xraw_json=0", "/r/x/new?xraw_json=0&raw_json=1"),
  ]

  @Test(arguments: urls.indices)
  func `answers are asked for as they stand, unless somebody says otherwise`(index: Int) async throws {
    let (sent, json, _) = try await Self.ask(["method": "get", "path": .string(Self.urls[index].path)])
    #expect(sent.map(\.url) == ["https://oauth.reddit.com" + Self.urls[index].url])
    #expect(sent.first?.body == "")
    #expect(sent.first?.headers["Content-Type"] == nil)
    #expect(json["status"] == 200)
    #expect(json["ok"] == true)
  }

  static let bodies: [(path: String, body: JSON, sent: String, type: String)] = [
    ("/api/comment", ["text": "a b&c", "n": 7], "text=a%20b%26c&n=7&api_type=json", FormFields.contentType),
    ("/api/x", ["api_type": "xml"], "api_type=xml", FormFields.contentType),
    ("/api/x", ["a": ["1", "2"], "b": true], "a=1&a=2&b=true&api_type=json", FormFields.contentType),
    ("/api/v1/me/prefs", ["a": ["b": [1]]], #"{"a":{"b":[1]}}"#, "application/json"),
    ("/api/v1/x", [1, 2], "[1,2]", "application/json"),
    ("/api/v12", ["a": 1], "a=1&api_type=json", FormFields.contentType),
  ]

  @Test(arguments: bodies.indices)
  func `a body is a form, and JSON where the API takes that`(index: Int) async throws {
    let one = Self.bodies[index]
    let (sent, _, words) = try await Self.ask(["method": "POST", "path": .string(one.path), "body": one.body])
    #expect(words == "")
    #expect(sent.map(\.body) == [one.sent])
    #expect(sent.first?.headers["Content-Type"] == one.type)
  }

  static let wrong: [(payload: JSON, words: String)] = [
    (["method": "POST", "path": "/api/x", "body": [1]], "expected object"),
    (["method": "POST", "path": "/api/x", "body": ["a": ["b": 1]]], "body.a"),
    (["method": "GET", "path": "/r/../api"], "climb"), (["method": "GET", "path": "https://evil.example/"], "begin"),
    (["method": "GET", "path": "//evil.example/"], "empty"), (["method": "HEAD", "path": "/"], "method"),
    (["method": "GET", "path": "/r/x", "tenant": "other"], "tenant"), (["method": "GET"], "path"),
    (["method": "GET", "path": "/r/x", "body": [:]], "body"), (["method": "GET", "path": "/r/x", "to": 1], "unknown"),
  ]

  @Test(arguments: wrong.indices)
  func `what is no call is refused, and nothing is sent`(index: Int) async throws {
    let (sent, _, words) = try await Self.ask(Self.wrong[index].payload)
    #expect(sent.isEmpty)
    #expect(words.contains(Self.wrong[index].words) || Self.wrong[index].words == "climb" && !words.isEmpty, "\(words)")
  }

  static let patterns: [(grant: String, method: String, path: String, isAllowed: Bool)] = [
    ("GET /r/x/*", "GET", "/r/x/new", true), ("GET /r/x/*", "GET", "/r/x/new?limit=1", true),
    ("GET /r/x/*", "POST", "/r/x/new", false), ("GET /r/x/*", "GET", "/r/y/new", false),
    ("GET /r/x/*", "GET", "/r/%78/new", true), ("GET /r/x/*", "GET", "/api/me?/r/x/", false),
    ("* /api/vote", "POST", "/api/vote", true), ("* /api/vote", "POST", "/api/vote2", false),
    ("GET *", "GET", "/anything", true), ("*", "DELETE", "/anything", true),
  ]

  @Test(arguments: patterns.indices)
  func `no call goes that the operator does not allow`(index: Int) async throws {
    let one = Self.patterns[index]
    let (sent, _, words) = try await Self.ask(
      ["method": .string(one.method), "path": .string(one.path)],
      grants: [one.grant]
    )
    #expect(sent.count == (one.isAllowed ? 1 : 0))
    #expect(words.contains("provider.rest.call") == !one.isAllowed, "\(words)")
  }

  @Test func `an error of Reddit's is an answer with its words`() async throws {
    let problem: JSON = ["json": ["errors": [["RATELIMIT", "in 2 minutes", "ratelimit"]], "ratelimit": 120]]
    let (_, json, _) = try await Self.ask(["method": "POST", "path": "/api/comment"], answer: .json(200, problem))
    #expect(json["ok"] == false)
    #expect(json["status"] == 200)
    #expect(json["error"]?["code"] == "RATELIMIT")
    #expect(json["retry_after_ms"] == 120_000)
    #expect(json["hint"]?.stringValue != nil)
    #expect(json["data"] == problem)
  }

  @Test(arguments: ["", "?limit=100", "?limit=x", "?limit=-5", "?limit=0", "?limit=9223372036854775807"])
  func `an answer that fits no envelope is refused with advice, and of a write told without it`(query: String)
    async throws
  {
    let large = RESTAnswer.json(200, ["x": .string(String(repeating: "a", count: 90_000))])
    let (_, _, words) = try await Self.ask(["method": "GET", "path": .string("/r/x/new\(query)")], answer: large)
    #expect(words.contains("limit="), "\(words)")
    let (sent, json, _) = try await Self.ask(
      ["method": "POST", "path": .string("/api/x\(query)"), "body": [:]],
      answer: large
    )
    #expect(sent.count == 1)
    #expect(json["ok"] == true)
    #expect(json["data"]?.isNull == true)
    #expect((json["omitted_bytes"]?.intValue ?? 0) > 90_000)
  }

  @Test func `what is no request is refused`() async throws {
    let words = try await RedditStage.run { bench in
      do {
        _ = try await bench.process.proxy.handle(Self.order(["method": "GET", "path": "/r/x"], isRequest: false))
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(words.contains("expected a request"))
  }

  static let names: [(path: String, name: String)] = [
    ("/r/birds/new", "GET /r/{sub}/new"), ("/user/ada/comments", "GET /user/{user}/comments"),
    ("/r/birds/comments/abc/a_title/def", "GET /r/{sub}/comments/{id}/{title}/{id}"),
    ("/api/v1/me/friends/ada", "GET /api/v1/me/friends/{user}"), ("/message/messages/x1", "GET /message/messages/{id}"),
    ("/api/info?id=t1_x", "GET /api/info"), ("/r/birds/wiki/secret", "GET /r/{sub}/wiki/{id}"),
  ]

  @Test(arguments: names.indices)
  func `in names of calls there are no names of people and things`(index: Int) throws {
    #expect(try RESTCall(reading: Self.names[index].path, requester: "x").name == Self.names[index].name)
  }
}
