import PluginABI
import Testing

@testable import Host

struct StopDeadlineTests {
  @Test func `an instance may take as long over its stop as plugins are told`() {
    #expect(Supervisor.stopDeadline == Int64(PROMETHEAN_STOP_SECONDS) * 1_000_000_000)
  }
}
