import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct ProxyTests {
  /// A payload, what the API answers, and what becomes of it.
  private static func ask(
    _ payload: JSON,
    _ settings: RESTProxy.Settings = .init(),
    deadline: Double = 10,
    answer: RESTAnswer? = nil
  ) async throws -> (answer: JSON?, error: String?, seen: [LimitedServer.Seen]) {
    try await RESTStage.run { bench in
      if let answer { bench.server.script = { _, _ in .answer(answer) } }
      let proxy = RESTProxy(
        account: Account(provider: "discord", tenant: "duck"),
        settings: settings,
        clock: bench.context.clock,
        rest: bench.client
      )
      var envelope = Envelope(topic: "promethean.p.discord.t.duck.rest.request", payload: payload.bytes())
      envelope.flags = .request
      envelope.src = "worker"
      envelope.deadline = bench.context.clock.now.nanoseconds + Int64(deadline * 1e9)
      do {
        let response = try await proxy.handle(envelope)
        #expect(response.payload.count <= 64 << 10)
        return (try JSON.parse(response.payload), nil, bench.server.seen)
      } catch {
        return (nil, "\(error)", bench.server.seen)
      }
    }
  }

  @Test func `a request is made as it is asked for and answered with all that was said`() async throws {
    let answer = RESTAnswer(
      status: 200,
      headers: [("x-ratelimit-bucket", "abc")],
      body: Array(#"{"id":"5","content":"hi"}"#.utf8)
    )
    let found = try await Self.ask(
      [
        "tenant": "duck", "method": "post", "url": "/channels/1/messages", "query": ["wait": true, "q": "a&b=ü"],
        "body": ["content": "hi", "nonce": "7", "enforce_nonce": true], "reason": "why not",
      ],
      answer: answer
    )
    #expect(
      found.answer == [
        "tenant": "duck", "status": 200, "ok": true, "bucket": "abc", "retry_after_ms": 0,
        "data": ["id": "5", "content": "hi"],
      ]
    )
    let seen = try #require(found.seen.first)
    #expect(seen.method == "POST" && seen.path == "/channels/1/messages?wait=true&q=a%26b%3D%C3%BC")
    #expect(seen.body == #"{"content":"hi","nonce":"7","enforce_nonce":true}"#)
    #expect(seen.headers["Authorization"] == "Bot canary" && seen.headers["X-Audit-Log-Reason"] == "why%20not")
  }

  @Test(
    arguments: [
      (["path": "/users/@me"], "method: expected one of GET, POST, PUT, PATCH, DELETE, found nothing"),
      (["method": "GET"], "path: expected string such as \"/channels/1/messages\", found nothing"),
      (["method": "GET", "path": "/users/1", "url": "/users/1"], "path: expected one of path and url, found both"),
      (["method": "GET", "path": 7], "path: expected string, found integer 7"),
      (["method": "TRACE", "path": "/users/1"], "method: expected one of GET, POST, PUT, PATCH, DELETE, found TRACE"),
      (
        ["method": "GET", "path": "/users/1", "headers": []],
        "headers: unknown; known are tenant, method, path, url, query, body, reason"
      ),
      (["method": "GET", "path": "/users/1", "tenant": "goose"], "tenant: expected duck, found string \"goose\""),
      (["method": "GET", "path": "/users/1", "body": [:]], "body: expected none with GET, found empty object"),
      (["method": "POST", "path": "/users/1", "body": "x"], "body: expected object or array, found string \"x\""),
      (["method": "GET", "path": "/users/1", "query": [1]], "query: expected object, found array"),
      (
        ["method": "GET", "path": "/users/1", "query": ["a": [:]]],
        "query.a: expected string, number or boolean, found empty object"
      ),
      (
        ["method": "GET", "url": "https://evil.example/"],
        "path: expected a path below the API's root, such as /channels/1/messages, found what does not begin with /"
      ),
      (
        ["method": "GET", "path": "/channels/me"], "path: expected the id of a channel, which is a number, found \"me\""
      ),
      ([], "payload: expected object with method and path, found empty array"),
    ] as [(JSON, String)]
  )
  func `a request that is wrong is refused with what was expected and found, and nothing is sent`(
    payload: JSON,
    words: String
  ) async throws {
    let found = try await Self.ask(payload)
    #expect(found.error == words)
    #expect(found.seen.isEmpty)
  }

  @Test func `only calls that the operator allows are made`() async throws {
    let settings = RESTProxy.Settings(allowed: [
      try RESTPattern("GET /channels/1/*", methods: Route.methods, like: "/channels/*")
    ])
    #expect(try await Self.ask(["method": "GET", "path": "/channels/1/messages"], settings).error == nil)
    for (method, path) in [("POST", "/channels/1/messages"), ("GET", "/channels/2/messages")] {
      let found = try await Self.ask(["method": .string(method), "path": .string(path)], settings)
      #expect(found.seen.isEmpty)
      #expect(
        found.error == "path: expected a call that provider.rest.call allows (\"GET /channels/1/*\"), found \(method) "
          + "/channels/{id}/messages: the operator grants it to the instance in plugins.yml"
      )
    }
  }

  @Test func `an error of Discord's is an answer with a hint`() async throws {
    let found = try await Self.ask(
      ["method": "PUT", "path": "/guilds/1/bans/2"],
      answer: LimitedServer.error(403, ["message": "Missing Permissions", "code": 50013])
    )
    #expect(found.answer?["ok"] == false && found.answer?["status"] == 403)
    #expect(found.answer?["data"]?["code"] == 50013)
    #expect(found.answer?["hint"]?.stringValue?.hasSuffix("here the bot needs: Ban Members") == true)
  }

  @Test func `a limit that outlasts the deadline is told with how long it lasts`() async throws {
    let found = try await Self.ask(
      ["method": "GET", "path": "/channels/1"],
      answer: LimitedServer.limited(after: 64.5, ["x-ratelimit-scope": "user"])
    )
    #expect(found.answer?["status"] == 429 && found.answer?["retry_after_ms"] == 64_500)
    #expect(found.seen.count == 1)
  }

  @Test func `an answer too large for an envelope says how to ask for it in pages`() async throws {
    let large = RESTAnswer(status: 200, body: JSON.string(String(repeating: "x", count: 100_000)).bytes())
    let read = try await Self.ask(["method": "GET", "path": "/channels/1/messages?limit=100"], answer: large)
    #expect(
      read.error
        == "GET /channels/{id}/messages: expected an answer of at most 65536 bytes, as fits an envelope, found "
        + "100081: ask for it in pages, with limit=52 and, from the second on, before= or after= the last id of the one "
        + "before"
    )
    // What has been done must not look as if it had failed.
    let written = try await Self.ask(["method": "PATCH", "path": "/channels/1", "body": [:]], answer: large)
    #expect(written.answer?["ok"] == true && written.answer?["data"] == .null)
    #expect(written.answer?["omitted_bytes"] == 100_002)
  }

  @Test func `what is no JSON comes as text or base64, and nothing as null`() async throws {
    let ask: JSON = ["method": "GET", "path": "/guilds/1/widget.png"]
    #expect(try await Self.ask(ask, answer: RESTAnswer(status: 204)).answer?["data"] == .null)
    let text = RESTAnswer(status: 200, body: Array("a,b".utf8))
    #expect(try await Self.ask(ask, answer: text).answer?["text"] == "a,b")
    let binary = RESTAnswer(status: 200, body: [0xFF, 0xD8])
    #expect(try await Self.ask(ask, answer: binary).answer?["base64"] == "/9g=")
  }

  @Test func `point 25: tokens in answers are struck out unless the operator wants them`() async throws {
    let secret = "tOkEn_-canary"
    let body: JSON = [
      ["id": "5", "token": .string(secret), "url": .string("https://discord.com/api/webhooks/5/\(secret)")],
      ["interaction": ["token": .string(secret)], "content": .string("see /webhooks/7/\(secret)?wait=1, ok"), "n": 1],
    ]
    let ask: JSON = ["method": "GET", "path": "/channels/1/webhooks"]
    let answer = RESTAnswer(status: 200, body: body.bytes())
    let found = try await Self.ask(ask, answer: answer)
    #expect(
      found.answer?["data"] == [
        ["id": "5", "token": "[redacted]", "url": "https://discord.com/api/webhooks/5/[redacted]"],
        ["interaction": ["token": "[redacted]"], "content": "see /webhooks/7/[redacted]?wait=1, ok", "n": 1],
      ]
    )
    #expect(try await Self.ask(ask, .init(showsTokens: true), answer: answer).answer?["data"] == body)
  }

  @Test func `a webhook is called with its own token alone`() async throws {
    let found = try await Self.ask(["method": "POST", "path": "/webhooks/5/secret", "body": ["content": "x"]])
    #expect(found.answer?["ok"] == true)
    #expect(found.seen.first?.headers["Authorization"] == nil)
  }
}

struct AnswerRedactionTests {
  @Test(arguments: [
    "/webhooks/", "/webhooks/5", "/webhooks/5/", "/webhooks/a/b", "/webhooks//x", "webhooks/5/x", "/webhooks/5/ x",
    "a/webhooks/5 /x", "",
  ])
  func `what has no token is left as it is`(text: String) {
    #expect(AnswerRedaction.redact(text) == text)
  }

  @Test(arguments: [
    ("/webhooks/5/x", "/webhooks/5/[redacted]"),
    ("/webhooks/5/x/webhooks/6/y", "/webhooks/5/[redacted]/webhooks/6/[redacted]"),
    ("<https://discord.com/api/webhooks/5/x>", "<https://discord.com/api/webhooks/5/[redacted]>"),
    ("/webhooks/5/\u{301}", "/webhooks/5/\u{301}"), ("/\u{301}webhooks/5/x", "/\u{301}webhooks/5/x"),
    ("/webhooks/5/x\u{301}", "/webhooks/5/[redacted]\u{301}"),
  ])
  func `tokens are struck out by bytes`(text: String, clean: String) {
    #expect(AnswerRedaction.redact(text) == clean)
  }
}

struct HintTests {
  @Test(
    arguments: [
      (403, 50001, "GET /channels/1/messages", "here the bot needs: View Channel and Read Message History"),
      (403, 50013, "POST /channels/1/messages", "here the bot needs: View Channel and Send Messages"),
      (403, 50013, "GET /users/1", "missing permissions: give them to the bot's role"),
      (404, 10003, "GET /channels/1", "the bot is in the server"),
      (403, 50007, "POST /channels/1/messages", "takes no direct messages"),
      (403, 50278, "POST /channels/1/messages", "share no server"),
      (401, 0, "GET /users/@me", "Reset Token"), (401, 40001, "GET /users/@me", "Reset Token"),
      (401, 50014, "GET /users/@me", "Reset Token"),
      (400, 30007, "POST /channels/1/webhooks", "as many webhooks as there can be"),
      (400, 50035, "POST /channels/1/messages", "`errors` in the answer"),
      (404, nil, "GET /channels/1", "the bot does not see it"), (502, nil, "GET /channels/1", "discordstatus.com"),
    ] as [(Int, Int64?, String, String)]
  )
  func `an error says to a beginner what to do`(status: Int, code: Int64?, call: String, words: String) throws {
    let parts = call.split(separator: " ").map(String.init)
    let route = try Route(method: parts[0], path: parts[1], now: 0)
    let body: JSON = code.map { ["message": "x", "code": .int($0)] } ?? [:]
    let hint = Hints.hint(for: LimitedServer.error(status, body), to: route)
    #expect(hint?.contains(words) == true, "found \(hint ?? "none")")
  }

  @Test func `what went well has no hint`() throws {
    let route = try Route(method: "GET", path: "/users/1", now: 0)
    #expect(Hints.hint(for: RESTAnswer(status: 200, body: Array(#"{"code":50013}"#.utf8)), to: route) == nil)
  }
}
