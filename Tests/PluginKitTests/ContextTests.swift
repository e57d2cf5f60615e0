import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct ContextTests {
  private static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  private func envelope(_ intent: String, _ text: String = "") -> Envelope {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent, payload: Array(text.utf8))
    envelope.trace = Self.trace
    return envelope
  }

  @Test func `what is published and requested carries on the trace of its cause`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .response("fine") })
    try await host.boot()
    #expect(await host.handle(envelope("publish", "promethean.p.echo.t.demo.events.X")) == .ack)
    #expect(try await host.request(envelope("request", "promethean.p.echo.t.demo.rest.get")) == "fine")
    for sent in host.record.published + host.record.requested.map(\.envelope) {
      let trace = try #require(Traceparent(sent.trace))
      #expect(trace.traceID == Traceparent(Self.trace)?.traceID)
      #expect(trace.spanID != Traceparent(Self.trace)?.spanID)
      #expect(sent.configRev == "sha256:test")
    }
    #expect(host.record.published.count == 1)
    try await host.stop()
  }

  @Test func `a request takes the deadline it has, else its timeout's, else its cause's, else none`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .response("fine") })
    try await host.boot()
    var hurried = envelope("request", "x")
    hurried.deadline = 77
    for cause in [
      envelope("request by a deadline", "x"), envelope("request briefly", "x"), hurried, envelope("request", "x"),
    ] {
      #expect(await host.handle(cause) == .ack)
    }
    #expect(host.record.requested.map(\.envelope.deadline) == [42, FakeHost.epoch + 2_000_000_000, 77, 0])
    try await host.stop()
  }

  @Test func `what is posted again since its cause came again is the same wish, and nothing else is`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .response("fine") })
    try await host.boot()
    let wish = { (text: String) in
      PostMessage(provider: "echo", tenant: "demo", spaceURN: try URN("urn:echo:space:demo:1"), text: text)
        .json.description
    }
    func keys(_ id: String, _ texts: [String]) async throws -> [String] {
      var cause = envelope("post", try texts.map(wish).joined(separator: "\n"))
      (cause.id, cause.src) = (id, "echo")
      let before = host.record.requested.count
      #expect(await host.handle(cause) == .ack)
      return try host.record.requested.dropFirst(before).map {
        try #require(PostMessage(json: JSON.parse($0.envelope.payload)).idempotencyKey)
      }
    }
    let first = try await keys("m1", ["ha", "ha", "hello"])
    #expect(Set(first).count == 3)
    #expect(try await keys("m1", ["ha", "ha", "hello"]) == first)
    // What is wished for otherwise the second time is not kept back by what was wished for the first time.
    #expect(try await keys("m1", ["hello", "ha", "sorry"]).prefix(2) == [first[2], first[0]])
    #expect(Set(try await keys("m2", ["ha", "ha", "hello"])).isDisjoint(with: first))
    try await host.stop()
  }

  @Test func `a publication that the host refuses throws and says why`() async throws {
    let host = FakeHost(Probe.self, publishAnswer: { _ in PROMETHEAN_DENIED })
    try await host.boot()
    #expect(await host.handle(envelope("publish", "elsewhere")) == .retry("publish on elsewhere (denied)"))
    try await host.stop()
  }

  @Test(arguments: [
    (PROMETHEAN_TIMEOUT, "timeout"), (PROMETHEAN_DENIED, "denied"), (PROMETHEAN_CONFLICT, "conflict"),
    (-99, "failed"),
  ])
  func `a request that fails throws its words and its kind`(status: promethean_status, kind: String) async throws {
    let host = FakeHost(Probe.self, answer: { _ in .failure(status, "why not") })
    try await host.boot()
    #expect(await host.handle(envelope("request", "x")) == .retry("why not (\(kind))"))
    try await host.stop()
  }

  @Test func `an error response throws the words of who answered`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .error("disk full") })
    try await host.boot()
    #expect(await host.handle(envelope("request", "x")) == .retry("disk full (failed)"))
    try await host.stop()
  }

  @Test(arguments: [
    (PROMETHEAN_PUBLISH_V1, "publish", "x", "publish on x: refused by the host (denied)"),
    (PROMETHEAN_SUBSCRIBE_V1, "nothing", "x", ""),
    (PROMETHEAN_CLOCK_V1, "sleep", "5", "sleep: the grant `clock` is missing (denied)"),
    (PROMETHEAN_STATE_V1, "state", "x", "read of state cursor: refused by the host (denied)"),
  ])
  func `what is not granted throws`(missing: String, intent: String, text: String, message: String) async throws {
    let host = FakeHost(Probe.self, missing: [missing])
    try await host.boot()
    #expect(await host.handle(envelope(intent, text)) == (message.isEmpty ? .ack : .retry(message)))
    try await host.stop()
  }

  @Test func `logs and metrics reach the host, or nobody where they are not granted`() async throws {
    let host = FakeHost(Probe.self)
    let deaf = FakeHost(Probe.self, missing: [PROMETHEAN_LOG_V1, PROMETHEAN_METRICS_V1, PROMETHEAN_METRICS_V2])
    for host in [host, deaf] {
      try await host.boot()
      #expect(await host.handle(envelope("measure")) == .ack)
      try await host.stop()
    }
    #expect(
      host.record.measured == [
        .init(kind: 0, name: "messages_total", value: 1), .init(kind: 1, name: "depth", value: 3),
        .init(kind: 2, name: "seconds", value: 0.25),
        .init(kind: 0, name: "calls_total", labels: "route=GET /a\u{FFFD}b=c\nstatus=\n", value: 2),
      ]
    )
    #expect(host.record.logged.map(\.message) == ["measured", "quietly", "stopped"])
    #expect(host.record.logged.map(\.severity) == [13, 5, 9])
    #expect(host.record.logged.map(\.fields) == [#"{"count":3}"#, "", ""])
    #expect(deaf.record.logged.isEmpty)
    #expect(deaf.record.measured.isEmpty)
  }

  @Test func `state documents have versions`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    #expect(try await host.request(envelope("state")) == [nil, "1 one", "conflict", "gone"])
    #expect(host.record.documents.isEmpty)
    try await host.stop()
  }

  @Test func `a subscription reaches the host`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    #expect(await host.handle(envelope("subscribe", "promethean.p.*.t.*.events.>")) == .ack)
    #expect(host.record.subscribed == ["promethean.p.*.t.*.events.>"])
    try await host.stop()
  }

  @Test func `sleepers wake when their time has come, and not before`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    let deliveries = await host.deliver([envelope("sleep", "7"), envelope("sleep", "3"), envelope("sleep", "5")])
    for (second, delivery) in [
      (2, nil), (3, deliveries[1]), (4, nil), (5, deliveries[2]), (6, nil), (7, deliveries[0]),
    ] {
      let before = host.record.settled.count
      await host.advance(by: .seconds(second) - host.elapsed)
      #expect(await host.handle(envelope("nothing")) == .ack)
      if let delivery { #expect(await host.outcome(of: delivery) == .ack) }
      #expect(host.record.settled.count == before + (delivery == nil ? 1 : 2))
    }
    try await host.stop()
  }

  @Test func `a cancelled sleep ends at once`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    #expect(try await host.request(envelope("sleep, cancelled")) == ["CancellationError()"])
    try await host.stop()
  }

  @Test func `the clock is the host's`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    await host.advance(by: .milliseconds(1500))
    #expect(try await host.request(envelope("time")) == "2026-01-01T00:00:01.500Z")
    try await host.stop()
  }
}
