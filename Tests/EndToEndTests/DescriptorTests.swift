import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A host that may open fewer files than its plugins take.
  @Suite struct DescriptorTests {
    /// So few that some of the plugins find none.
    private static let few = 110
    private static let names = "abcdefghij".map { "worker\($0)" }
    private static let lack =
      "the host may open \(few) files, and fewer than the 32 that a start takes are left: \(remedy)"
    private static let remedy = "raise the limit (ulimit -n, LimitNOFILE)"

    /// The words before a command that bound how many files it may open, for good.
    private static func bounded(to count: Int) -> [String] {
      ["/bin/sh", "-c", "ulimit -n \(count); exec \"$@\"", "sh"]
    }

    private func makeHost() throws -> TestHost {
      let plugins = Self.names.map { id in
        """
          \(id):
            library: \(id)
            trust: unsigned
            tenants: [echo/demo]
            grants:
              subscribe: [promethean.p.echo.t.demo.events.Numbered, "promethean.p.echo.t.demo.\(id).*"]
              clock: {}
        """
      }
      let host = try TestHost(
        TestHost.consumers([:], more: plugins.joined(separator: "\n")),
        wrapper: Self.bounded(to: Self.few)
      )
      for id in Self.names { try host.compileConsumer(id) }
      return host
    }

    /// The names of the instances in a state.
    private func instances(_ client: AdminClient, in state: String) throws -> [String] {
      let all = try client.call("status")["instances"]?.arrayValue ?? []
      return all.filter { $0["state"]?.stringValue == state }.compactMap { $0["name"]?.stringValue }
    }

    /// Waits until as many run as can: those that wait have tried twice since, and no more run.
    private func settled(_ host: TestHost, _ client: AdminClient) throws -> (running: [String], waiting: [String]) {
      var (running, tries, left): ([String], Int, Int64) = ([], 0, 0)
      return try host.until("no more can be started") {
        let all = try client.call("status")["instances"]?.arrayValue ?? []
        let waiting = all.filter { $0["state"] == "INIT" && $0["error"]?.isNull == false }
        let now = all.filter { $0["state"] == "RUNNING" }.compactMap { $0["name"]?.stringValue }
        let retry = waiting.first?["retry_ms"]?.intValue ?? 0
        defer { (running, left) = (now, retry) }
        guard now == running, now.count + waiting.count == Self.names.count else {
          tries = 0
          return nil
        }
        if retry > left { tries += 1 }
        return tries > 2 ? (now, waiting.compactMap { $0["name"]?.stringValue }) : nil
      }
    }

    /// Has those that run handle an event, and looks that nothing else became of anybody.
    private func expectService(_ host: TestHost, _ client: AdminClient, _ number: Int) throws {
      try client.publish(number)
      for name in try instances(client, in: "RUNNING") {
        try host.waitUntilIdle(client, name)
        #expect(try client.report(name)["last"] == .int(Int64(number)))
      }
      #expect(try instances(client, in: "QUARANTINED") == [])
    }

    @Test func `those for whom nothing is left wait and say why, and start when there is some`() throws {
      let host = try makeHost()
      try host.start()
      let client = try host.client()
      let (running, waiting) = try settled(host, client)
      #expect(!running.isEmpty && !waiting.isEmpty && running.count + waiting.count == Self.names.count)
      for name in waiting {
        let instance = try client.instance(name)
        #expect(instance["error"]?.stringValue == Self.lack)
        #expect(instance["restarts"] == 0 && instance["pid"]?.isNull == true)
      }
      let page = try host.run("status").output
      for name in waiting { #expect(page.contains("\(name): \(Self.lack)")) }
      try expectService(host, client, 1)

      // One that keeps crashing leaves its place to another: from its third end in a row it waits for longer than they do.
      let crashing = try #require(running.last)
      let next = try host.until("another has its place") { () -> String? in
        if let next = try instances(client, in: "RUNNING").first(where: waiting.contains) { return next }
        if try client.instance(crashing)["ready"] == true {
          _ = try? client.request("promethean.p.echo.t.demo.\(crashing).crash")
        }
        return nil
      }
      try host.waitUntilIdle(client, next)
      #expect(try client.instance(next)["error"]?.isNull == true)
      try expectService(host, client, 2)

      #expect(try host.stop() == .status(0))
    }

    @Test func `clients for whom nothing is left are sent away, and harm nobody`() throws {
      let host = try makeHost()
      try host.start()
      let client = try host.client()
      let running = try settled(host, client).running
      var clients: [AdminClient] = []
      var isSentAway = false
      while !isSentAway, clients.count < Self.few {
        let more = try AdminClient(path: AdminClient.socketPath(directory: host.directory))
        do { try more.call("status") } catch {
          #expect(error as? AdminClientError == .closed)
          isSentAway = true
        }
        clients.append(more)
      }
      #expect(isSentAway)
      #expect(try instances(client, in: "RUNNING") == running)
      clients = []
      try host.until("a new one is heard") { (try? host.client().call("status")) == nil ? nil : () }
      try expectService(host, client, 1)
      for name in running { #expect(try client.instance(name)["restarts"] == 0) }
      #expect(try host.stop() == .status(0))
    }

    @Test func `a host that may open too few for itself says so`() throws {
      let host = try TestHost(TestHost.consumers([:]))
      let words = [Products.promethean, "--deployment", host.directory, "up"]
      let up = try Program(Self.bounded(to: 32) + words)
      #expect(up.end == .status(1))
      #expect(
        up.errors.contains("a host takes at least 64 open files, found a limit of 32: \(Self.remedy)"),
        "\(up.errors)"
      )
    }
  }
}
