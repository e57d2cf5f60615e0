import Envelope
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// What a plugin keeps and how it is configured, when the next generation has another idea of both.
  @Suite struct MigrationTests {
    private let veteran: Veteran

    init() throws { veteran = try Veteran() }

    @Test func `a migration that fails leaves what the host keeps as it was, to the byte`() throws {
      try veteran.publish(1...10)
      let before = try veteran.document()
      #expect(before["document"] == "10")
      // It has written another format, and removed that, before it gives up.
      try veteran.build(abi: "\(ABIVersion.host)", "SPOIL")
      let refusal = try #require(try veteran.reload())
      #expect(refusal.contains("start failed: no way to migrate"), "\(refusal)")
      #expect(try veteran.document() == before)
      try veteran.publish(11...20)
      #expect(try veteran.report()["total"] == 20)
      let instance = try veteran.client.instance("veteran")
      #expect(instance["generation"] == 1 && instance["restarts"] == 0)
    }

    @Test func `what one has counted that dies of its first event counts once`() throws {
      try veteran.publish(1...10)
      try veteran.build(abi: "\(ABIVersion.host)", "DIE_AT_FIRST")
      let (refusal, last) = try veteran.reloadWhilePublishing(from: 11)
      #expect(refusal?.contains("it was killed by signal 6 (SIGABRT)") == true, "\(refusal ?? "it was not refused")")
      try veteran.publish(last + 1...last + 10)
      #expect(try veteran.report()["total"] == .int(Int64(last + 10)))
      #expect(try veteran.document()["document"]?.stringValue == "\(last + 10)")
      #expect(try veteran.client.deadLetters().isEmpty)
    }

    @Test func `a host that dies while a generation proves itself keeps nothing of what that has written`() throws {
      try veteran.publish(1...10)
      let before = try veteran.document()
      try veteran.build(abi: "\(ABIVersion.host)", "LINGER")
      try veteran.client.send("reload", ["plugin": "veteran"])
      try veteran.client.call("status")
      try veteran.host.until("the next generation has written something") {
        try veteran.host.records.contains { $0["message"]?.stringValue?.contains("it has written") == true } ? () : nil
      }
      try veteran.host.kill()
      try veteran.build(abi: "1.0")
      try veteran.host.start()
      let client = try veteran.host.client()
      #expect(try client.request("promethean.p.echo.t.demo.veteran.document")["data"] == before)
    }

    @Test func `one that needs a key which plugins.yml lacks is refused until it is there`() throws {
      try veteran.publish(1...10)
      let shape = "\n      region: { type: string }\n    required: [region]"
      try veteran.build(abi: "\(ABIVersion.host)", config: shape)
      for command in ["plan", "apply"] {
        let run = try veteran.host.run(command)
        let text = run.output + run.errors
        #expect(run.end == .status(1) && text.contains("region"), "\(command): \(text)")
      }
      try veteran.publish(11...20)
      #expect(try veteran.report()["total"] == 20)
      #expect(try veteran.client.instance("veteran")["generation"] == 1)

      try veteran.write("config: { region: north }")
      let applied = try veteran.host.run("apply")
      #expect(applied.end == .status(0), "\(applied.output + applied.errors)")
      try veteran.publish(21...30)
      #expect(try veteran.report()["total"] == 30)
    }
  }
}
