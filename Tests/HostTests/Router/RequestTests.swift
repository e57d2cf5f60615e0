import CChannel
import Envelope
import PluginABI
import Testing

@testable import Host

/// Requests that are not recorded, from asking to the answer, with plugins that the tests play.
@Suite struct RequestTests {
  private static let topic = "promethean.p.echo.t.demo.embed.text"
  private let harness: RouterHarness

  init() throws { harness = try RouterHarness() }

  /// Publishes an envelope that kills the first replica, and waits until it is tried again alone.
  ///
  /// - Returns: The replica that holds it, and the other one.
  private func isolate() throws -> (suspected: FakePlugin, other: FakePlugin, delivery: UInt64) {
    let first = try harness.start("indexer.1")
    let second = try harness.start("indexer.2")
    try harness.publish("promethean.p.echo.t.demo.events.Created")
    harness.read()
    try #require(first.deliveries().count == 1)
    try harness.crash("indexer.1")
    let again = try harness.start("indexer.1")
    var found: (FakePlugin, FakePlugin, UInt64)?
    try harness.run {
      if let delivery = again.deliveries().first { found = (again, second, delivery.token) }
      if let delivery = second.deliveries().first { found = (second, again, delivery.token) }
      return found != nil
    }
    return try #require(found)
  }

  @Test func `a member that holds a suspect is given no request`() throws {
    let (suspected, other, _) = try isolate()
    let answers = (0..<8).map { number in harness.request(Self.topic) { $0.key = "\(number)" } }
    harness.read()
    #expect(suspected.deliveries().isEmpty)
    #expect(other.deliveries().count == answers.count)
  }

  @Test func `where the only member holds a suspect, a request waits until that is settled`() throws {
    let (suspected, _, delivery) = try isolate()
    let names = try ["indexer.1", "indexer.2"].map(harness.instance)
    let idle = try #require(names.first { $0.deliveries.count == 0 })
    idle.state = .stopped
    let answer = harness.request(Self.topic)
    harness.read()
    #expect(suspected.deliveries().isEmpty)
    #expect(answer.results.isEmpty)
    suspected.send(WIRE_SETTLE, PROMETHEAN_SETTLE_ACK, token: delivery)
    harness.read()
    #expect(suspected.deliveries().count == 1)
  }

  @Test func `requests that have expired while they waited take no place`() throws {
    let expired = (0..<Consumer.waitingLimit).map { _ in harness.request(Self.topic) { $0.deadline = 1 } }
    harness.router.tick(now: HostClock.monotonic, realtime: HostClock.realtime)
    for answer in expired { #expect(try answer.failure().status == PROMETHEAN_TIMEOUT) }
    let answer = harness.request(Self.topic)
    #expect(answer.results.isEmpty)
    let plugin = try harness.start("indexer.1")
    harness.read()
    #expect(plugin.deliveries().count == 1)
  }

  @Test(arguments: [(WIRE_RESPOND, PROMETHEAN_OK), (WIRE_SETTLE, 9)] as [(Int32, Int32)])
  func `who asked one that breaks the protocol hears of it when that is ended`(op: Int32, argument: Int32) throws {
    let plugin = try harness.start("indexer.1")
    let answer = harness.request(Self.topic)
    harness.read()
    let delivery = try #require(plugin.deliveries().first)
    plugin.send(op, argument, token: delivery.token, [1, 2, 3])
    harness.read()
    #expect(harness.violations.count == 1)
    try harness.crash("indexer.1")
    let failure = try answer.failure()
    #expect(failure.status == PROMETHEAN_FAILED)
    #expect(failure.message == "indexer.1 ended while it handled the request: it crashed")
  }

  @Test func `of a response, what the host says is the host's`() throws {
    let plugin = try harness.start("indexer.1")
    let answer = harness.request(Self.topic) { $0.intent = "embed" }
    harness.read()
    let delivery = try #require(plugin.deliveries().first)
    let asked = try delivery.envelope
    var response = Envelope(
      topic: "promethean.p.other.t.other.events.A",
      intent: "embedded",
      payload: Array("[1]".utf8)
    )
    response.contentType = "application/x-vector"
    response.models = "[]"
    response.configRev = "7"
    response.id = "mine"
    response.key = "k"
    response.resource = "urn:echo:model:demo:x"
    response.corr = "other"
    response.trace = Traceparent.begin().description
    response.deadline = 5
    response.origin = .replay
    plugin.send(WIRE_RESPOND, PROMETHEAN_OK, token: delivery.token, try response.binary())
    harness.read()
    let heard = try #require(try answer.results.first?.get())
    #expect(heard.payload == response.payload)
    #expect(heard.intent == "embedded")
    #expect(heard.contentType == "application/x-vector")
    #expect(heard.src == "indexer")
    #expect(heard.topic == Self.topic)
    #expect(heard.trace == asked.trace)
    #expect(heard.corr == asked.corr)
    #expect(heard.hops == 1)
    #expect(heard.id != "mine")
    for field in [heard.key, heard.resource, heard.reply, heard.models, heard.configRev] { #expect(field == "") }
    #expect(heard.deadline == 0)
    #expect(heard.origin == .live)
  }

  @Test func `errors are seen by those who watch, as the requester hears them`() throws {
    var seen: [Envelope] = []
    harness.router.addTap(1, try TopicPattern(Self.topic)) { bytes in
      if let envelope = try? Envelope(binary: bytes) { seen.append(envelope) }
    }
    let plugin = try harness.start("indexer.1")
    let answered = harness.request(Self.topic) { $0.intent = "embed" }
    harness.read()
    let delivery = try #require(plugin.deliveries().first)
    let error = Envelope(topic: Self.topic, payload: Array(#"{"message":"no model"}"#.utf8))
    plugin.send(WIRE_RESPOND, PROMETHEAN_NOT_FOUND, token: delivery.token, try error.binary())
    harness.read()
    let expired = harness.request(Self.topic) { $0.deadline = 1 }
    harness.router.tick(now: HostClock.monotonic, realtime: HostClock.realtime)

    #expect(seen.map(\.flags) == [.request, [.response, .error], .request, [.response, .error]])
    try #require(seen.count == 4)
    #expect(try answered.failure().message == "no model")
    #expect(try JSON.parse(seen[1].payload) == ["status": "not_found", "message": "no model"])
    #expect(seen[1].src == "indexer")
    #expect(seen[1].intent == "embed")
    #expect(try JSON.parse(seen[3].payload)["message"]?.stringValue == expired.failure().message)
    #expect(seen[3].src == "host")
    #expect([seen[1].corr, seen[3].corr] == [seen[0].corr, seen[2].corr])
    #expect([seen[1].trace, seen[3].trace] == [seen[0].trace, seen[2].trace])
  }
}
