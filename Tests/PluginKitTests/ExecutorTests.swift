import Glibc
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct ExecutorTests {
  private func envelope(_ intent: String) -> Envelope {
    Envelope(topic: "promethean.p.echo.t.demo.events.Test", intent: intent)
  }

  @Test func `a plugin runs on the thread that it is called on, whatever it awaits`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .response("fine") })
    try await host.boot()
    let own = JSON(integerLiteral: Int64(bitPattern: UInt64(await HostThread.shared.identity())))
    #expect(try await host.request(envelope("threads")) == [own, own, own, own])
    try await host.stop()
  }

  @Test func `a job from another thread asks for a poll and runs in it`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    #expect(try await host.request(envelope("elsewhere")) == "there and back")
    // The call that is under way may run the job before the other thread has asked.
    await host.until { $0.wakes >= 1 && $0.polls >= 1 ? () : nil }
    try await host.stop()
  }

  @Test func `tasks that yield without end leave the runner its turns`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    #expect(await host.handle(envelope("yield")) == .ack)
    #expect(host.record.wakes >= 1)
    await host.until { $0.polls >= 1 ? () : nil }
    try await host.stop()
  }

  @Test func `a function of the actor's, called from a test, runs on the plugin's thread`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    let thread = await Task { @PluginActor in UInt(pthread_self()) }.value
    #expect(thread == (await HostThread.shared.identity()))
    try await host.stop()
  }
}
