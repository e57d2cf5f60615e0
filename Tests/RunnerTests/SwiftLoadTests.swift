internal import CChannel
internal import Host
internal import RunnerSupport
internal import Testing

@Suite(.serialized) struct SwiftLoadTests {
  /// libdispatch looks at its threads' states once a second and ends the process if it cannot; so a run lasts longer
  /// than that, and one run alone proves nothing.
  static let runs = 50
  static let atOnce = 10

  @Test func `fifty runs of a Swift plugin with Dispatch, actors and timers end well in the sandbox`() async throws {
    try await onHostThread {
      let fixture = try Fixture.compileSwift("load")
      for _ in 0..<Self.runs / Self.atOnce {
        let drivers = try (0..<Self.atOnce).map { _ in try Driver(fixture) }
        for driver in drivers { try driver.start() }
        for driver in drivers { #expect(try driver.line("load done") == "load done: true, thread is R") }
        for driver in drivers { #expect(try driver.stop() == .status(0)) }
      }
    }
  }

  @Test(arguments: [RunnerSetup.Omissions.namespaces, .landlock, [.namespaces, .landlock]])
  func `it ends well with less of a sandbox too`(omissions: RunnerSetup.Omissions) async throws {
    try await onHostThread {
      let driver = try Driver(.compileSwift("load")) { $0.omissions = omissions }
      try driver.start()
      #expect(try driver.line("load done").hasPrefix("load done: true"))
      #expect(try driver.stop() == .status(0))
    }
  }
}
