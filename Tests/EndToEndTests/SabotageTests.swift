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
      let plugins = ids.map { id in
        """
          \(id):
            library: \(id)
            tenants: [echo/demo]
            limits: { deadline: 1s }
            grants: { subscribe: ["promethean.p.echo.t.demo.\(id).*"] }
        """
      }
      host = try TestHost(
        """
        version: 1
        host: { http: { enabled: false } }
        tenants: [{ provider: echo, tenant: demo }]
        plugins:
        \(plugins.joined(separator: "\n"))
        """
      )
      for id in ids {
        let manifest = TestHost.worker(id, inputs: ["promethean.p.echo.t.demo.\(id).*"], capabilities: ["log"])
        try host.compile("saboteur", id: id, manifest: manifest)
      }
      try host.start()
    }

    private func ask(_ client: AdminClient, _ id: String, _ what: String) throws -> JSON? {
      try client.request("promethean.p.echo.t.demo.\(id).\(what)")["data"]
    }

    @Test(arguments: ["close", "freeze"])
    func `a plugin that breaks its runner is ended and started again, and the others work`(what: String) throws {
      let client = try host.client()
      // Its answer may have been on its way.
      _ = try? ask(client, "saboteur", what)
      #expect(try ask(client, "other", "report") == [:])
      _ = try host.until("it runs again") { () -> Bool? in
        let saboteur = try client.instance("saboteur")
        return saboteur["restarts"] == 1 && saboteur["ready"] == true ? true : nil
      }
      #expect(try ask(client, "saboteur", "report") == [:])
      #expect(try client.instance("other")["restarts"] == 0)
    }

    @Test(arguments: ["storm", "attach"])
    func `wakes without end and descriptors for the host come to nothing`(what: String) throws {
      let client = try host.client()
      let view = ProcessView(pid: try #require(host.process?.pid))
      let before = try view.descriptorCount
      #expect(try ask(client, "saboteur", what) == [:])
      #expect(try ask(client, "other", "report") == [:])
      #expect(try view.descriptorCount == before)
      for id in ["saboteur", "other"] { #expect(try client.instance(id)["restarts"] == 0) }
    }
  }
}
