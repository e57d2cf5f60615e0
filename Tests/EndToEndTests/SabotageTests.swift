import Envelope
import Foundation
import Host
import Testing

extension EndToEnd {
  /// A plugin that turns on its own runner: it harms itself alone.
  @Suite struct SabotageTests {
    private let host: TestHost

    init() throws {
      let ids = ["saboteur", "other"]
      host = try TestHost(
        TestHost.fixtures(
          ids.map { ($0, ["limits: { deadline: 1s }", "grants: { subscribe: [\"\(TestHost.requests($0))\"] }"]) }
        )
      )
      for id in ids {
        let manifest = TestHost.worker(id, inputs: [TestHost.requests(id)], capabilities: ["log"])
        try host.compile("saboteur", id: id, manifest: manifest)
      }
      try host.start()
    }

    private func ask(_ client: AdminClient, _ id: String, _ what: String) throws -> JSON? {
      try client.request("promethean.p.echo.t.demo.\(id).\(what)")["data"]
    }

    /// Something that a plugin does to its runner.
    struct Sabotage: Sendable, CustomTestStringConvertible {
      /// What it is told.
      let intent: String
      /// What `status` says of why it ended, of which the first that comes is said.
      let reasons: [String]
      var testDescription: String { intent }
    }

    private static let late = "it held a delivery for longer than its deadline of 1.0 seconds"

    static let deadly = [
      // The runner finds that it has no host, or the host that it has been hung up on.
      Sabotage(intent: "close", reasons: ["it exited with status 3", "it was killed by signal 9 (SIGKILL)"]),
      Sabotage(intent: "hang_up", reasons: ["it was killed by signal 9 (SIGKILL)"]),
      Sabotage(intent: "mute", reasons: [late]),
      Sabotage(intent: "freeze", reasons: [late]),
      Sabotage(intent: "unmap", reasons: ["it was killed by signal 11 (SIGSEGV)"]),
    ]

    /// Waits until the saboteur runs again, unharmed, and looks whether the other one has noticed anything.
    private func expectAgain(_ client: AdminClient, reasons: [String]) throws {
      #expect(try ask(client, "other", "report") == [:])
      let saboteur = try host.until("it runs again") { () -> JSON? in
        let saboteur = try client.instance("saboteur")
        guard saboteur["restarts"] == 1, saboteur["ready"] == true else { return nil }
        return saboteur
      }
      #expect(reasons.contains(saboteur["error"]?.stringValue ?? ""), "\(saboteur)")
      #expect(try ask(client, "saboteur", "report") == [:])
      let other = try client.instance("other")
      #expect(other["restarts"] == 0 && other["error"]?.isNull == true)
    }

    @Test(arguments: deadly)
    func `a plugin that breaks its runner is ended and started again, and the others work`(sabotage: Sabotage) throws {
      let client = try host.client()
      // Its answer may have been on its way.
      _ = try? ask(client, "saboteur", sabotage.intent)
      try expectAgain(client, reasons: sabotage.reasons)
    }

    @Test func `one that has made itself deaf is ended when it leaves something waiting`() throws {
      let client = try host.client()
      #expect(try ask(client, "saboteur", "deafen") == [:])
      // Nothing is asked of it, so nothing is amiss.
      let deaf = try client.instance("saboteur")
      #expect(deaf["state"] == "RUNNING" && deaf["restarts"] == 0)
      let message = "saboteur ended while it handled the request: \(Self.late)"
      #expect(throws: AdminClientError.refused(code: "failed", message: message)) {
        try ask(client, "saboteur", "report")
      }
      try expectAgain(client, reasons: [Self.late])
    }

    @Test func `one that no longer hears its host works on, and is ended when it does not stop`() throws {
      let client = try host.client()
      #expect(try ask(client, "saboteur", "withdraw") == [:])
      for id in ["saboteur", "other"] { #expect(try ask(client, id, "report") == [:]) }
      #expect(try client.instance("saboteur")["restarts"] == 0)
      #expect(try host.stop() == .status(0))
      let late = try host.records.filter { $0["message"]?.stringValue?.contains("did not stop in order") == true }
      #expect(late.map { $0["plugin"] } == ["saboteur"])
      #expect(late.first?["message"] == "did not stop in order: stop took longer than it may")
    }

    @Test(arguments: ["storm", "attach", "replace"])
    func `wakes without end, descriptors for the host and others in their place come to nothing`(what: String) throws {
      let client = try host.client()
      // By now the client that waited for the start is gone, and this one is there.
      try client.call("status")
      let view = ProcessView(pid: try #require(host.process?.pid))
      let before = try view.descriptorCount
      for what in [what, "report"] { #expect(try ask(client, "saboteur", what) == [:]) }
      #expect(try ask(client, "other", "report") == [:])
      #expect(try view.descriptorCount == before)
      for id in ["saboteur", "other"] { #expect(try client.instance(id)["restarts"] == 0) }
    }
  }
}
