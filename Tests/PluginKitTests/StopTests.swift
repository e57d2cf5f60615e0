import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import struct PluginKit.Ephemerals
@testable import class PluginKit.Instance

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct StopTests {
  private func envelope(_ intent: String, _ text: String = "", key: String = "") -> Envelope {
    var envelope = Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent, payload: Array(text.utf8))
    envelope.key = key
    return envelope
  }

  @Test func `a handler that sleeps longer than a stop may take is cancelled, and what it held is given back`()
    async throws
  {
    let host = FakeHost(Probe.self)
    try await host.boot()
    let deliveries = await host.deliver([envelope("sleep", "3600", key: "a"), envelope("nothing", key: "a")])
    async let stopped: Void = host.stop()
    await host.until { $0.settled.isEmpty ? nil : () }
    await host.advance(by: Instance.stopGrace - .milliseconds(1))
    #expect(host.record.settled.map(\.delivery) == [deliveries[1]])
    await host.advance(by: .milliseconds(1))
    try await stopped
    #expect(host.elapsed < .seconds(PROMETHEAN_STOP_SECONDS))
    #expect(host.record.outcome(of: deliveries[0]) == .release)
    #expect(host.record.logged.map(\.message) == ["stopped"])
  }

  @Test func `a handler that ends within the grace is not disturbed`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    let deliveries = await host.deliver([envelope("sleep", "4", key: "a"), envelope("nothing", key: "a")])
    async let stopped: Void = host.stop()
    await host.until { $0.settled.isEmpty ? nil : () }
    await host.advance(by: .seconds(4))
    try await stopped
    #expect(host.record.outcome(of: deliveries[0]) == .ack)
  }

  @Test func `a request that is cancelled is answered with an error, since it may have had an effect`() async throws {
    let host = FakeHost(Probe.self, missing: [PROMETHEAN_CLOCK_V1], answer: { _ in .later })
    try await host.boot()
    var request = envelope("request", "later")
    request.flags = .request
    let delivery = await host.deliver(request)
    try await host.stop()
    guard case .response(let response) = host.record.outcome(of: delivery) else {
      Issue.record("no response")
      return
    }
    #expect(response.flags.contains(.error))
    let message = try JSON.parse(response.payload)["message"]?.stringValue
    #expect(
      message
        == "the instance stopped before it was handled: request on later: the task was cancelled (cancelled)"
    )
  }

  @Test func `without the clock there is no grace`() async throws {
    let host = FakeHost(Probe.self, missing: [PROMETHEAN_CLOCK_V1], answer: { _ in .later })
    try await host.boot()
    let delivery = await host.deliver(envelope("request, then fail", "later"))
    try await host.stop()
    #expect(host.record.outcome(of: delivery) == .release)
    #expect(host.record.logged.map(\.message) == ["stopped"])
  }

  @Test func `whoever is cancelled on the way into a request does not wait for its answer`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .later })
    try await host.boot()
    let errors = try await host.request(envelope("request, cancelled", "later"))
    #expect(errors == ["request on later: the task was cancelled (cancelled)"])
    try await host.stop()
  }

  @Test(arguments: 0..<8)
  func `whoever comes to wait for the end of a batch just when there is none any more goes on`(turns: Int64)
    async throws
  {
    let name = "turns \(turns)"
    let host = FakeHost(Probe.self, config: ["name": .string(name), "stop_after_turns": .int(turns)])
    try await host.boot()
    try await host.stop()
    await Afterwards.heard("\(name) has seen the end of a batch")
  }

  @Test func `an instance that is destroyed while its last words find no room is freed`() async throws {
    let host = FakeHost(Probe.self, config: ["name": "speechless"])
    try await host.boot()
    await host.makeRoom(0)
    _ = await host.deliver(envelope("reject", "bad"))
    let stopped = Task { try await host.stop() }
    await host.until { $0.logged.isEmpty ? nil : () }
    await host.destroy()
    await Afterwards.heard("speechless is gone")
    #expect(host.record.operations.count == 1)
    stopped.cancel()
  }

  @Test func `ephemeral envelopes that find no end of handling are bounded, and their loss is told once`()
    async throws
  {
    let host = FakeHost(Probe.self, answer: { _ in .later })
    try await host.boot()
    await host.deliverEphemeral([envelope("request", "later", key: "a")])
    await host.until { $0.requested.isEmpty ? nil : () }
    let limit = Ephemerals.limit
    await host.deliverEphemeral((0..<(limit + 9)).map { envelope("publish", "t\($0)", key: "a") })
    #expect(await host.handle(envelope("nothing", key: "b")) == .ack)
    await host.complete(host.record.requested[0], .response("now"))
    await host.until { $0.logged.count == 2 ? () : nil }
    #expect(host.record.published.map(\.topic) == (0..<(limit - 1)).map { "t\($0)" })
    #expect(
      host.record.logged.map(\.message) == [
        "\(limit) ephemeral envelopes are being handled or wait: more are dropped",
        "10 ephemeral envelopes were dropped",
      ]
    )
    await host.deliverEphemeral([envelope("publish", "last", key: "a")])
    await host.until { $0.published.last?.topic == "last" ? () : nil }
    try await host.stop()
  }
}
