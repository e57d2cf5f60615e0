import Echo
import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct EchoTests {
  private let host = FakeHost(Echo.self, provider: "echo", tenant: "demo")

  private func send(_ line: JSON, to tenant: String = "demo") -> Envelope {
    Envelope(topic: "promethean.p.echo.t.\(tenant).control.send", intent: "send", payload: line.bytes())
  }

  private let line: JSONObject = [
    "id": "m1", "author": "ada", "space": "lobby", "thread": "t1", "text": "hello", "created_at": 1_700_000_000,
  ]

  @Test(arguments: try Golden.all(beside: #filePath))
  func `an envelope in makes exactly these envelopes out`(golden: Golden) async throws {
    try await host.boot()
    _ = await host.handle(golden.input)
    #expect(Golden.output(of: host.record).bytes(pretty: true) == golden.output.bytes(pretty: true))
    try await host.stop()
  }

  @Test(
    arguments: [
      ("id", .null, "id: expected string that is not empty, found null"),
      ("id", "", #"id: expected string that is not empty, found """#),
      ("id", .string(String(repeating: "x", count: 513)), "id: expected at most 512 bytes, found 513"),
      ("author", 7, "author: expected string that is not empty, found 7"),
      (
        "author", "two words",
        """
        author: expected what can stand in a URN, found \
        URN "urn:echo:user:demo:two words": expected an id without spaces and control characters
        """
      ),
      ("space", ["a"], #"space: expected string that is not empty, found ["a"]"#),
      ("thread", 1, "thread: expected string or null, found 1"),
      ("in_reply_to", false, "in_reply_to: expected string or null, found false"),
      ("text", .null, "text: expected string, found null"),
      ("created_at", .null, "created_at: expected seconds since 1970 or RFC 3339 time, found null"),
      (
        "created_at", 10_000_000_000_000,
        "created_at: expected seconds since 1970 or RFC 3339 time, found 10000000000000"
      ),
      ("created_at", "today", #"created_at: expected seconds since 1970 or RFC 3339 time, found "today""#),
    ] as [(String, JSON, String)]
  )
  func `a line that is wrong is answered with the field, what was expected and what was found`(
    field: String,
    value: JSON,
    message: String
  ) async throws {
    try await host.boot()
    var line = line
    line[field] = value
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.request(send(.object(line))) }
    #expect(error?.description == message)
    #expect(host.record.published.isEmpty)
    try await host.stop()
  }

  @Test(arguments: [
    (#"{"id": "m1""#, "1:12: "), (#"["m1"]"#, "payload: expected object, found "), ("", "1:1: "),
  ])
  func `what is no JSON object is refused`(text: String, start: String) async throws {
    try await host.boot()
    var envelope = send(nil)
    envelope.payload = Array(text.utf8)
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.request(envelope) }
    #expect(error?.description.hasPrefix(start) == true)
    try await host.stop()
  }

  @Test func `a message that would not fit an envelope is refused`() async throws {
    try await host.boot()
    var line = line
    line["text"] = .string(String(repeating: "x", count: 40_000))
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.request(send(.object(line))) }
    #expect(error?.description.hasPrefix("payload: expected a message of at most 65536 bytes, found 80") == true)
    try await host.stop()
  }

  @Test func `a message is accepted only once it is recorded`() async throws {
    let host = FakeHost(
      Echo.self,
      provider: "echo",
      tenant: "demo",
      publishAnswer: { _ in PROMETHEAN_UNAVAILABLE }
    )
    try await host.boot()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.request(send(.object(line))) }
    #expect(error?.description.hasSuffix("(unavailable)") == true)
    try await host.stop()
  }

  @Test func `the same message again has the same id`() async throws {
    try await host.boot()
    for _ in 0..<2 { _ = try await host.request(send(.object(line))) }
    #expect(host.record.published.map(\.id) == Array(repeating: "echo:demo:SocialMessageCreated:m1", count: 2))
    #expect(host.record.published[0].payload == host.record.published[1].payload)
    try await host.stop()
  }

  @Test func `another tenant's envelope is refused`() async throws {
    try await host.boot()
    let error = await #expect(throws: FakeHost.Failure.self) {
      try await host.request(send(.object(line), to: "other"))
    }
    #expect(error?.description == "topic: expected one of echo/demo, found echo/other")
    let topic = "promethean.p.echo.t.demo.control.dance"
    #expect(
      await host.handle(Envelope(topic: topic))
        == .reject("topic: expected control.send or social.PostMessage, found control.dance")
    )
    try await host.stop()
  }

  @Test(
    arguments: [
      ("tenant", "other", "tenant: expected demo, found other"),
      ("provider", "discord", "provider: expected echo, found discord"),
      ("space_urn", "urn:echo:space:other:lobby", "space_urn: expected echo/demo, found echo/other"),
      ("text", nil, "text: expected string, found null"),
    ] as [(String, JSON, String)]
  )
  func `a post to elsewhere is refused`(field: String, value: JSON, message: String) async throws {
    try await host.boot()
    var wish: JSONObject = [
      "provider": "echo", "tenant": "demo", "space_urn": "urn:echo:space:demo:lobby", "text": "hello",
    ]
    wish[field] = value
    let envelope = Envelope(
      topic: "promethean.p.echo.t.demo.social.PostMessage",
      intent: "PostMessage",
      payload: JSON.object(wish).bytes()
    )
    #expect(await host.handle(envelope) == .reject(message))
    #expect(host.record.published.isEmpty)
    try await host.stop()
  }

  @Test func `a post is logged`() async throws {
    try await host.boot()
    let post = try #require(Golden.all(beside: #filePath).first { $0.name == "PostMessage" })
    _ = await host.handle(post.input)
    #expect(host.record.logged.map(\.fields) == [#"{"message_id":"post-p-1","text":"so is this"}"#])
    try await host.stop()
  }

  @Test(arguments: [("", ""), ("discord", "duck")])
  func `an instance that is not bound to a tenant of echo is not made`(provider: String, tenant: String) async throws {
    let host = FakeHost(Echo.self, provider: provider, tenant: tenant)
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description.hasPrefix("echo: expected to be bound to one tenant of echo, found ") == true)
  }

  // MARK: - The session

  private func number(_ host: FakeHost, _ id: String) async throws -> JSON? {
    var line = line
    line["id"] = .string(id)
    return try await host.request(send(.object(line)))["sequence"]
  }

  @Test func `messages are numbered, and the next generation goes on where the one before was`() async throws {
    let next = FakeHost(Echo.self, provider: "echo", tenant: "demo")
    try await host.boot()
    for sequence in 1...3 { #expect(try await number(host, "m\(sequence)") == .int(Int64(sequence))) }
    let given = try #require(try await host.give())
    #expect(given.version == 1)
    try await next.create()
    try await next.take(given.state, version: given.version)
    try await next.start()
    #expect(try await number(next, "m4") == 4)
    // Had there been no next one, this one would go on itself.
    await host.resume()
    #expect(try await number(host, "m4") == 4)
    for host in [host, next] { try await host.stop() }
  }

  @Test func `what is not recorded has no number`() async throws {
    let refusing = FakeHost(
      Echo.self,
      provider: "echo",
      tenant: "demo",
      publishAnswer: { $0.id.hasSuffix(":lost") ? PROMETHEAN_UNAVAILABLE : PROMETHEAN_OK }
    )
    try await refusing.boot()
    #expect(try await number(refusing, "m1") == 1)
    await #expect(throws: FakeHost.Failure.self) { try await number(refusing, "lost") }
    #expect(try await number(refusing, "m2") == 2)
    try await refusing.stop()
  }

  @Test(arguments: [
    ("{}", "sequence: expected integer from 0, found nothing"),
    (#"{"sequence":-1}"#, "sequence: expected integer from 0, found -1"), ("", "1:1: "),
  ])
  func `a session that cannot be read is not taken`(text: String, start: String) async throws {
    try await host.create()
    let refused = await #expect(throws: FakeHost.Failure.self) { try await host.take(Array(text.utf8), version: 1) }
    #expect(refused?.description.hasPrefix(start) == true, "\(refused?.description ?? "")")
    await host.destroy()
  }
}
