import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// Libraries that were built against another version of the plugin ABI than the host's.
  @Suite struct AbiTests {
    private let veteran: Veteran

    init() throws { veteran = try Veteran() }

    private static let host = "\(ABIVersion.host)"

    @Test func `one that was built against the minor before runs, and learns what it runs on`() throws {
      try veteran.publish(1...20)
      let report = try veteran.report()
      #expect(report["total"] == 20 && report["built"] == "1.0")
      #expect(report["host"]?.stringValue == Self.host && Self.host != "1.0")
      // It is asked for what it has never heard of, and says that it has none of it.
      #expect(report["unknown"]?.intValue ?? 0 > 0)
      #expect(try veteran.client.instance("veteran")["restarts"] == 0)
      #expect(try veteran.host.stop() == .status(0))
    }

    @Test func `it gives way to one of today's minor, which may be taken back, and what the host keeps stays`() throws {
      try veteran.publish(1...10)
      try veteran.build(abi: Self.host)
      #expect(try veteran.reload() == nil)
      try veteran.publish(11...20)
      #expect(try veteran.report()["built"]?.stringValue == Self.host)
      try veteran.build(abi: "1.0")
      #expect(try veteran.reload() == nil)
      try veteran.publish(21...30)
      let report = try veteran.report()
      #expect(report["total"] == 30 && report["built"] == "1.0")
      #expect(try veteran.client.deadLetters().isEmpty)
    }

    @Test(arguments: [("MINOR", "1.2"), ("MAJOR", "2.1")])
    func `a later one is refused by name before anything of it is mapped`(version: String, abi: String) throws {
      try veteran.publish(1...10)
      // Its constructor would end it, and be the reason.
      try veteran.build(abi: abi, "\(version)=2", "DEADLY")
      let reason = "was built against ABI \(abi), this host runs 1.0 to \(Self.host)"
      for command in ["validate", "plan", "apply"] {
        let run = try veteran.host.run(command)
        let text = run.output + run.errors
        #expect(run.end == .status(1), "\(command): \(text)")
        #expect(text.contains("plugins.veteran.library: ") && text.contains("veteran.so \(reason)"), "\(text)")
      }
      let refusal = try #require(try veteran.reload())
      #expect(refusal.contains(reason), "\(refusal)")
      try veteran.publish(11...20)
      #expect(try veteran.report()["total"] == 20)
      let instance = try veteran.client.instance("veteran")
      #expect(instance["generation"] == 1 && instance["restarts"] == 0)
    }
  }
}
