internal import CChannel
internal import Host
internal import Testing

@Suite struct RunnerTests {
  @Test func `a plugin is created, started, given an envelope, and stopped`() async throws {
    try await onHostThread {
      let driver = try Driver(.compile())
      #expect(try driver.start().status == 0)
      #expect(driver.level == WIRE_LEVEL_FULL)
      try driver.deliver("Ok", token: 42)
      let settled = try driver.frame(WIRE_SETTLE)
      #expect(settled.token == 42)
      #expect(settled.argument == 0)
      #expect(try driver.stop() == .status(0))
    }
  }
}
