import Testing

@testable import Host

/// When a host counts as ready.
@Suite struct ReadinessTests {
  @Test func `nobody waits for one that a safe start leaves out`() throws {
    let harness = try RouterHarness()
    var readiness = Readiness()
    readiness.update(harness.router.instances)
    #expect(!readiness.isSettled)
    #expect(readiness.unready.map(\.name).contains("echo@demo"))

    for instance in harness.router.instances where instance.plugin.id != "storage" { instance.leaveOut() }
    readiness.update(harness.router.instances)
    #expect(!readiness.isSettled)
    #expect(readiness.unready.map(\.name) == ["storage"])
    _ = try harness.start("storage")
    readiness.update(harness.router.instances)
    #expect(readiness.becameSettled)
    #expect(readiness.unready.isEmpty)
  }
}
