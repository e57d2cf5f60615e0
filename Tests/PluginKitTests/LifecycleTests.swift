import PluginABI
import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct LifecycleTests {
  @Test func `an instance that cannot read its configuration says which key is wrong`() async throws {
    let host = FakeHost(Probe.self, config: ["limit": 11])
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description == "config.limit: expected integer from 1 to 10, found 11")
    #expect(error?.status == PROMETHEAN_FAILED)
  }

  @Test(arguments: [
    (UInt16(2), UInt16(0), nil, "the host's ABI: expected 1.1 or a later minor, found 2.0"),
    (0, 9, nil, "the host's ABI: expected 1.1 or a later minor, found 0.9"),
    (1, 0, nil, "the host's ABI: expected 1.1 or a later minor, found 1.0"),
    (1, 1, 136, "the host's table: expected at least 160 bytes, found 136"),
    // One that ends before the function that takes the reason.
    (1, 1, 96, ""),
  ])
  func `a host that does not fit is refused`(major: UInt16, minor: UInt16, size: Int?, message: String) async throws {
    let host = FakeHost(Probe.self)
    host.pretend(major: major, minor: minor, structSize: size)
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.create() }
    #expect(error?.description == message)
    #expect(error?.status == PROMETHEAN_CONFLICT)
  }

  @Test func `a later host with a longer table is taken`() async throws {
    let host = FakeHost(Probe.self)
    host.pretend(minor: 3, structSize: 200)
    try await host.boot()
    try await host.stop()
  }

  @Test func `an instance is ready when start returns`() async throws {
    let host = FakeHost(Probe.self, config: ["start_with": "warmup"], answer: { _ in .later })
    try await host.create()
    async let started: Void = host.start()
    await host.until { $0.requested.isEmpty ? nil : () }
    #expect(host.record.operations.isEmpty)
    await host.complete(host.record.requested[0], .response("warm"))
    try await started
    try await host.stop()
  }

  @Test func `an instance that cannot start says why`() async throws {
    let host = FakeHost(Probe.self, config: ["start_with": "warmup"])
    try await host.create()
    let error = await #expect(throws: FakeHost.Failure.self) { try await host.start() }
    #expect(error?.description == "nobody serves it (unavailable)")
    await host.destroy()
  }

  @Test func `an instance that is still starting can be stopped`() async throws {
    let host = FakeHost(Probe.self, config: ["start_with": "warmup"], answer: { _ in .later })
    try await host.create()
    let started = Task { try await host.start() }
    await host.until { $0.requested.isEmpty ? nil : () }
    async let stopped: Void = host.stop()
    await host.complete(host.record.requested[0], .failure(PROMETHEAN_CANCELLED, "stopping"))
    await #expect(throws: FakeHost.Failure.self) { try await started.value }
    try await stopped
  }

  @Test func `after stop nothing of the plugin's calls the host`() async throws {
    let host = FakeHost(Probe.self)
    try await host.boot()
    try await host.stop()
    let record = host.record
    await HostThread.shared.run {}
    #expect(host.record.wakes == record.wakes)
    #expect(host.record.logged == record.logged)
  }

  @Test func `an instance that is destroyed without a stop ends what waits`() async throws {
    let host = FakeHost(Probe.self, answer: { _ in .later })
    try await host.boot()
    _ = await host.deliver(
      Envelope(topic: "promethean.p.echo.t.demo.events.X", intent: "request", payload: Array("x".utf8))
    )
    await host.destroy()
    #expect(host.record.settled.isEmpty)
  }
}
