import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Credentials that are looked for in every place that they could get to, while their plugin gives them away as best
  /// it can.
  @Suite struct CanaryTests {
    private let canary: Canary
    private let search: CanarySearch
    private var host: TestHost { canary.host }

    init() throws {
      canary = try Canary()
      search = CanarySearch(canary: canary)
    }

    /// Has plugins work, credentials replaced and processes die; nobody gives anything away.
    private func work(_ client: AdminClient) throws {
      for number in 1...20 { try client.publish(number) }
      try expectCredentials(client)
      try canary.write("second")
      let rotated = try host.run("secrets", "rotate", "--json")
      #expect(rotated.end == .status(0))
      #expect(try rotated.json.count { $0["outcome"]?.stringValue == "changed" } == 4)
      try canary.restart(client, "canary@one")
      try expectCredentials(client)
      #expect(try host.run("reload", "canary").end == .status(0))
      try expectCredentials(client)
      try canary.deploy(worker: "delay_ms: 1")
      #expect(try host.run("apply").end == .status(0))
      for number in 21...40 { try client.publish(number) }
      try host.waitUntilIdle(client, "worker")
    }

    /// Expects the plugin to have all its credentials.
    private func expectCredentials(_ client: AdminClient) throws {
      for tenant in Canary.tenants {
        let sizes = try client.request(Canary.topic(tenant, "control.sizes"))["data"]
        for name in ["variable", "file", "service"] { #expect(sizes?[name]?.intValue ?? 0 > 24, "\(name)") }
      }
    }

    /// Has the plugin give away what it has.
    private func leak(_ client: AdminClient) throws -> [String] {
      var shown: [String] = []
      for tenant in Canary.tenants { _ = try client.request(Canary.topic(tenant, "control.say")) }
      try canary.write("third")
      #expect(try host.run("secrets", "rotate").end == .status(0))
      // What it has of the older ones: it says so, and hands them over, which the next generation complains about.
      for tenant in Canary.tenants { _ = try client.request(Canary.topic(tenant, "control.say_old")) }
      shown += try refused("it could not take over state: the provider refused")
      for tenant in Canary.tenants {
        for number in 0..<3 {
          let topic = Canary.topic(tenant, "control.fail")
          let run = try host.run("request", topic, "--payload", "{\"n\":\(number)}", "--json")
          #expect(run.end == .status(1))
          shown += [run.output, run.errors]
          try canary.publish(client, tenant, "Failing", Int64(number))
        }
        try canary.publish(client, tenant, "Crashing")
      }
      for tenant in Canary.tenants {
        _ = try host.until("\(tenant) has given up all") { () -> Bool? in
          try client.deadLetters().count { $0["consumer"]?.stringValue?.contains(tenant) == true } == 4 ? true : nil
        }
      }
      // One that cannot start, and says why.
      let old = try host.until("it runs") { try canary.pid(client, "canary@two") }
      try canary.write("last", beginning: "bad")
      #expect(try host.run("secrets", "rotate").end == .status(0))
      #expect(Glibc.kill(old, SIGKILL) == 0)
      _ = try host.until("it fails to start") { () -> Bool? in
        let error = try client.instance("canary@two")["error"]?.stringValue ?? ""
        return error.hasPrefix("start failed: the provider refused") ? true : nil
      }
      return shown + (try refused("start failed: the provider refused"))
    }

    /// Has a reload of the plugin be refused, and returns what was said.
    private func refused(_ reason: String) throws -> [String] {
      let run = try host.run("reload", "canary")
      #expect(run.end == .status(1) && run.output.contains(reason), "\(run.end)")
      return [run.output, run.errors]
    }

    @Test func `no credential gets anywhere, whatever its plugin does with it`() throws {
      try host.start()
      let client = try host.client()
      try canary.publish(client, "one", "Marked")
      try search.expectNoneInProcesses(client, "at the start")
      try work(client)
      try search.expectNoneInProcesses(client, "after work")
      for text in try leak(client) { search.expectNone(in: text.utf8, "an error") }
      try search.expectNoneInProcesses(client, "after it was given away", isHostIncluded: false)

      // Of a plan that tells of other places for credentials.
      try canary.deploy(worker: "delay_ms: 2", service: "file: \"PLACE/TENANT.service\"")
      for (name, bytes) in try search.shown(client) { search.expectNone(in: bytes, name) }
      let files = try search.files()
      for (name, bytes) in files { search.expectNone(in: bytes, name) }
      #expect(files.contains { search.hasMarker($0.value) })
      for place in ["var/generations/history.ndjson", "var/generations/2.json", "plugins.lock", "next.plan"] {
        #expect(files[place]?.isEmpty == false, "\(place)")
      }
      // That it did all this: the names are where credentials would be.
      let log = String(decoding: files["var/log/host.log"] ?? [], as: UTF8.self)
      for name in ["variable", "file", "service"] { #expect(log.contains("standard error: [canary/two \(name)]")) }
      let history = String(decoding: files["var/generations/history.ndjson"] ?? [], as: UTF8.self)
      #expect(history.contains("the provider refused [canary/"))
    }
  }
}
