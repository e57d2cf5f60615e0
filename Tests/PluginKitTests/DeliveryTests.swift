import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct DeliveryTests {
  private let host = FakeHost(Probe.self, answer: { $0.topic == "later" ? .later : .response("answered") })

  private func envelope(_ intent: String, _ text: String = "", key: String = "") -> Envelope {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent, payload: Array(text.utf8))
    envelope.key = key
    return envelope
  }

  @Test func `an envelope that is handled is acknowledged`() async throws {
    try await host.boot()
    #expect(await host.handle(envelope("nothing")) == .ack)
    try await host.stop()
  }

  @Test func `what a plugin throws comes back in its words`() async throws {
    try await host.boot()
    #expect(await host.handle(envelope("fail", "no ink")) == .retry("no ink"))
    #expect(await host.handle(envelope("reject", "no such planet")) == .reject("no such planet"))
    try await host.stop()
  }

  @Test func `a request is answered with what handle returns`() async throws {
    try await host.boot()
    #expect(try await host.request(envelope("answer", "yes")) == "yes")
    #expect(try await host.request(envelope("nothing")) == .null)
    var request = envelope("bytes", "pcm")
    request.flags = .request
    guard case .response(let response) = await host.handle(request) else {
      Issue.record("no response")
      return
    }
    #expect(response.contentType == "audio/L16")
    #expect(response.payload == Array("pcm".utf8))
    #expect(response.intent == "bytes")
    try await host.stop()
  }

  @Test(arguments: [("fail", "no ink"), ("reject", "no such planet")])
  func `a request that fails is answered with an error in the plugin's words`(intent: String, words: String)
    async throws
  {
    try await host.boot()
    var request = envelope(intent, words)
    request.flags = .request
    guard case .response(let response) = await host.handle(request) else {
      Issue.record("no response")
      return
    }
    #expect(response.flags == [.response, .error])
    #expect(try JSON.parse(response.payload) == ["status": "error", "message": .string(words)])
    try await host.stop()
  }

  @Test func `a response that is too large becomes an error that says so`() async throws {
    try await host.boot()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.request(envelope("large")) }
    #expect(error?.description == "respond: refused by the host: a response of 70000 bytes, at most 65536")
    try await host.stop()
  }

  @Test func `envelopes of one key are handled one at a time and in order`() async throws {
    try await host.boot()
    let deliveries = await host.deliver([
      envelope("request", "later", key: "a"), envelope("nothing", key: "a"), envelope("nothing", key: "b"),
      envelope("nothing", key: "a"), envelope("nothing"),
    ])
    await host.until { $0.settled.count == 2 ? () : nil }
    #expect(host.record.settled.map(\.delivery) == [deliveries[2], deliveries[4]])
    await host.complete(host.record.requested[0], .response("now"))
    await host.until { $0.settled.count == 5 ? () : nil }
    #expect(host.record.settled.dropFirst(2).map(\.delivery) == [deliveries[0], deliveries[1], deliveries[3]])
    #expect(host.record.settled.allSatisfy { $0.outcome == .ack })
    try await host.stop()
  }

  @Test func `a failed delivery gives back those behind it in the same key, and a later one is handled`() async throws {
    try await host.boot()
    let deliveries = await host.deliver([
      envelope("request, then fail", "later", key: "a"), envelope("nothing", key: "a"), envelope("nothing", key: "a"),
    ])
    await host.until { $0.requested.isEmpty ? nil : () }
    await host.complete(host.record.requested[0], .response("now"))
    await host.until { $0.settled.count == 3 ? () : nil }
    #expect(host.record.settled.map(\.delivery) == deliveries)
    #expect(host.record.settled.map(\.outcome) == [.retry("too late"), .release, .release])
    #expect(await host.handle(envelope("nothing", key: "a")) == .ack)
    try await host.stop()
  }

  @Test func `a rejected delivery does not hold up those behind it`() async throws {
    try await host.boot()
    let deliveries = await host.deliver([envelope("reject", "bad", key: "a"), envelope("nothing", key: "a")])
    #expect(await host.outcome(of: deliveries[1]) == .ack)
    #expect(await host.outcome(of: deliveries[0]) == .reject("bad"))
    try await host.stop()
  }

  @Test func `stop gives back what has not begun, and waits for what has`() async throws {
    try await host.boot()
    let deliveries = await host.deliver([envelope("request", "later", key: "a"), envelope("nothing", key: "a")])
    async let stopped: Void = host.stop()
    await host.until { $0.settled.isEmpty ? nil : () }
    #expect(host.record.settled == [.init(delivery: deliveries[1], outcome: .release)])
    #expect(host.record.logged.isEmpty)
    await host.complete(host.record.requested[0], .response("now"))
    try await stopped
    #expect(host.record.outcome(of: deliveries[0]) == .ack)
    #expect(host.record.logged.map(\.message) == ["stopped"])
  }

  @Test func `a thousand deliveries at once are all settled`() async throws {
    try await host.boot()
    let deliveries = await host.deliver((0..<1000).map { envelope("request", "now", key: "\($0 % 7)") })
    await host.until { $0.settled.count == 1000 ? () : nil }
    for key in 0..<7 {
      let order = host.record.settled.map(\.delivery).filter { Int($0 - deliveries[0]) % 7 == key }
      #expect(order == order.sorted())
    }
    try await host.stop()
  }
}
