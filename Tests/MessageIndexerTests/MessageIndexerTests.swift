import MessageIndexer
import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct MessageIndexerTests {
  private func created(_ text: String, change: (inout JSONObject) -> Void = { _ in }) throws -> Envelope {
    var message: JSONObject = [
      "message_id": "m1", "author_urn": "urn:echo:user:demo:ada", "space_urn": "urn:echo:space:demo:lobby",
      "text": .string(text), "created_at": "1969-12-31T23:59:59.9995Z", "provider": "echo", "tenant": "demo",
    ]
    change(&message)
    var envelope = Envelope(
      topic: "promethean.p.echo.t.demo.events.SocialMessageCreated",
      intent: "SocialMessageCreated",
      payload: JSON.object(message).bytes()
    )
    envelope.key = "urn:echo:space:demo:lobby"
    return envelope
  }

  private func documents(_ record: HostRecord) throws -> [JSON] {
    try record.requested.flatMap { try JSON.parse($0.envelope.payload)["documents"]?.arrayValue ?? [] }
  }

  @Test(arguments: try Golden.all(beside: #filePath))
  func `an envelope in makes exactly these envelopes out`(golden: Golden) async throws {
    let host = FakeHost(MessageIndexer.self, answer: { _ in .response(golden.answer) })
    try await host.boot()
    _ = await host.handle(golden.input)
    #expect(Golden.output(of: host.record).bytes(pretty: true) == golden.output.bytes(pretty: true))
    try await host.stop()
  }

  @Test func `an event is acknowledged only when the storage has answered`() async throws {
    let host = FakeHost(MessageIndexer.self, answer: { _ in .later })
    try await host.boot()
    let delivery = await host.deliver(try created("hello"))
    await host.until { $0.requested.isEmpty ? nil : () }
    #expect(host.record.settled.isEmpty)
    await host.complete(host.record.requested[0], .response(["written": 1]))
    #expect(await host.outcome(of: delivery) == .ack)
    #expect(host.record.measured == [.init(kind: PROMETHEAN_METRIC_COUNTER, name: "messages_total", value: 1)])
    try await host.stop()
  }

  @Test(arguments: [
    // Given back untried: an hour without a storage costs no message.
    (FakeHost.Answer.failure(PROMETHEAN_UNAVAILABLE, "no storage"), HostRecord.Outcome.release),
    (.error("disk full"), .retry("disk full (failed)")),
  ])
  func `an event that the storage did not take comes again`(answer: FakeHost.Answer, outcome: HostRecord.Outcome)
    async throws
  {
    let host = FakeHost(MessageIndexer.self, answer: { _ in answer })
    try await host.boot()
    #expect(await host.handle(try created("hello")) == outcome)
    try await host.stop()
  }

  @Test(
    arguments: [
      ("message_id", .null, "message_id: expected string that is not empty, found null"),
      ("author_urn", "ada", #"author_urn: expected urn:<provider>:<kind>:<tenant>:<id>, found string "ada""#),
      ("created_at", 12, "created_at: expected RFC 3339 time, found integer 12"),
      ("text", 1, "text: expected string, found integer 1"),
      ("provider", "discord", "provider: expected echo, found discord"),
      ("tenant", "other", "tenant: expected demo, found other"),
    ] as [(String, JSON, String)]
  )
  func `a malformed message goes to the dead letters, naming the key`(
    key: String,
    value: JSON,
    message: String
  ) async throws {
    let host = FakeHost(MessageIndexer.self)
    try await host.boot()
    #expect(await host.handle(try created("hello") { $0[key] = value }) == .reject(message))
    #expect(host.record.requested.isEmpty)
    try await host.stop()
  }

  @Test func `an event of another kind goes to the dead letters`() async throws {
    let host = FakeHost(MessageIndexer.self)
    try await host.boot()
    let envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Typing", payload: Array("{}".utf8))
    #expect(
      await host.handle(envelope) == .reject("topic: expected SocialMessageCreated, Updated or Deleted, found Typing")
    )
    try await host.stop()
  }

  @Test func `a time before 1970 counts down`() async throws {
    let host = FakeHost(MessageIndexer.self, answer: { _ in .response(["written": 1]) })
    try await host.boot()
    #expect(await host.handle(try created("hello")) == .ack)
    #expect(try documents(host.record)[0]["revision"] == -1)
    try await host.stop()
  }

  @Test func `messages of many spaces are under way at the same time`() async throws {
    let host = FakeHost(MessageIndexer.self, answer: { _ in .later })
    try await host.boot()
    let events = try (0..<100).map { index in
      var event = try created("hello")
      event.key = "urn:echo:space:demo:\(index)"
      return event
    }
    _ = await host.deliver(events)
    await host.until { $0.requested.count == 100 ? () : nil }
    for request in host.record.requested { await host.complete(request, .response(["written": 1])) }
    await host.until { $0.settled.count == 100 ? () : nil }
    try await host.stop()
  }
}
