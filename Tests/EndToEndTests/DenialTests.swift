import Envelope
import Foundation
import Host
import PluginABI
import Testing

extension EndToEnd {
  /// A plugin that goes beyond its grants: it is refused, that is recorded, and nobody gets what it sent.
  @Suite struct DenialTests {
    private static let plugin = """
        hostile:
          library: hostile
          trust: unsigned
          tenants: [echo/demo]
          grants:
            subscribe: [promethean.p.echo.t.demo.control.attack]
            publish: [promethean.p.echo.t.demo.events.Allowed]
      """

    private let host: TestHost

    init() throws {
      host = try TestHost(TestHost.echo(more: Self.plugin))
      try host.compile(
        "hostile",
        id: "hostile",
        // It asks for all that there is; what it was granted decides.
        manifest: TestHost.worker(
          "hostile",
          inputs: ["promethean.p.echo.t.demo.control.attack"],
          outputs: ["promethean.p.*.t.*.events.>", "promethean.p.*.t.*.rest.>"],
          capabilities: ["subscribe: [\"promethean.p.*.t.*.>\"]", "storage.documents: { messages: [read, write] }"]
        )
      )
      try host.start()
    }

    /// What the plugin tries beyond its grants, and what the audit says of it.
    static let tries = [
      ("source", "src is the host's to stamp: it claims \"echo\""),
      ("claimed_tenant", "tenant is the host's to stamp: it claims \"other\""),
      ("reply", "reply is the host's to stamp: it claims \"a-forged-handle\""),
      ("other_tenant", "publish promethean.p.echo.t.other.events.Allowed"),
      ("topic", "publish promethean.p.echo.t.demo.rest.request"),
      ("system", "publish promethean.sys.events.Allowed"),
      ("subscribe", "subscribe promethean.p.echo.t.demo.events.>"),
      ("subscribe_other_tenant", "subscribe promethean.p.echo.t.other.control.attack"),
      ("storage", "request promethean.p.echo.t.demo.storage.documents.count"),
    ]

    @Test func `what a plugin was not granted is refused, audited and delivered to nobody`() throws {
      let client = try host.client()
      let tap = try client.send("tap", ["pattern": "promethean.>"])
      let answer = try client.request("promethean.p.echo.t.demo.control.attack")["data"]
      #expect(answer?["allowed"] == .int(Int64(PROMETHEAN_OK)))
      for (name, _) in Self.tries { #expect(answer?[name] == .int(Int64(PROMETHEAN_DENIED)), "\(name)") }

      let records = try host.run("logs", "--audit", "--json").json
      #expect(records.allSatisfy { $0["plugin"]?.stringValue == "hostile" && $0["audit"]?.boolValue == true })
      let messages = records.compactMap { $0["message"]?.stringValue }
      for (name, reason) in Self.tries {
        #expect(messages.contains { $0.hasPrefix("denied: \(reason)") }, "\(name) in \(messages)")
      }
      #expect(messages.count == Self.tries.count)

      // What is tapped comes in order, so the end of this request is behind all that the plugin sent.
      _ = try client.request("promethean.p.echo.t.demo.control.attack")
      var sent: [String] = []
      try client.call("status")
      while client.hasEvent {
        let event = try client.receive()
        guard event.request == tap, case .item(let item) = event.content, let envelope = item["envelope"] else {
          continue
        }
        if envelope["source"]?.stringValue == "urn:promethean:hostile", envelope["kind"]?.stringValue == "event" {
          sent.append(envelope["topic"]?.stringValue ?? "")
        }
      }
      #expect(sent == ["promethean.p.echo.t.demo.events.Allowed", "promethean.p.echo.t.demo.events.Allowed"])
    }

    @Test(arguments: [
      ("echo", "storage.vectors", "messages", false, "grants:"),
      ("hostile", "publish", "promethean.p.echo.t.other.events.Allowed", false, "tenants: [echo/demo]"),
      ("hostile", "publish", "promethean.p.echo.t.demo.rest.request", false, "publish:"),
      ("hostile", "publish", "promethean.p.echo.t.demo.events.Allowed", true, "publish:"),
      ("hostile", "subscribe", "promethean.p.echo.t.demo.events.>", false, "subscribe:"),
    ])
    func `grants explain says yes or no, and the line that decides`(
      plugin: String,
      capability: String,
      resource: String,
      isAllowed: Bool,
      decider: String
    ) throws {
      let run = try host.run("grants", "explain", plugin, capability, resource)
      #expect(run.end == .status(isAllowed ? 0 : 1), "\(run.errors)")
      #expect(run.lines.first == (isAllowed ? "allow" : "deny"))
      let place = try #require(run.lines.dropFirst().first).split(separator: ":").map(String.init)
      #expect(place.first == "\(host.directory)/plugins.yml")
      let number = try #require(place.dropFirst().first.flatMap { Int($0) })
      let text = try String(contentsOfFile: "\(host.directory)/plugins.yml", encoding: .utf8)
      let line = text.split(separator: "\n", omittingEmptySubsequences: false)[number - 1]
      #expect(line.contains(decider), "\(line)")
    }
  }
}
