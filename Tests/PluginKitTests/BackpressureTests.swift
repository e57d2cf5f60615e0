import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct BackpressureTests {
  private func envelope(_ intent: String, _ text: String = "") -> Envelope {
    Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent, payload: Array(text.utf8))
  }

  @Test func `what finds no room goes out later and in its order`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .response("fine") })
    try await host.boot()
    await host.makeRoom(0)
    let deliveries = await host.deliver((0..<6).map { envelope("publish", "t\($0)") } + [envelope("reject", "bad")])
    #expect(host.record.published.isEmpty)
    #expect(host.record.settled.isEmpty)
    await host.makeRoom(2)
    await host.until { $0.published.count == 2 ? () : nil }
    #expect(host.record.published.map(\.topic) == ["t0", "t1"])
    await host.makeRoom(nil)
    await host.until { $0.settled.count == 7 ? () : nil }
    #expect(host.record.published.map(\.topic) == (0..<6).map { "t\($0)" })
    #expect(host.record.outcome(of: deliveries[6]) == .reject("bad"))
    try await host.stop()
  }

  @Test func `a response that finds no room is sent later`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    await host.makeRoom(0)
    async let answer = host.request(envelope("answer", "yes"))
    await host.until { $0.polls > 0 ? () : nil }
    await host.makeRoom(nil)
    #expect(try await answer == "yes")
    try await host.stop()
  }

  @Test func `stop waits until everything is out`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    await host.makeRoom(0)
    let delivery = await host.deliver(envelope("reject", "bad"))
    async let stopped: Void = host.stop()
    await host.until { $0.logged.isEmpty ? nil : () }
    #expect(host.record.operations.count == 1)
    await host.makeRoom(nil)
    try await stopped
    #expect(host.record.outcome(of: delivery) == .reject("bad"))
  }
}
