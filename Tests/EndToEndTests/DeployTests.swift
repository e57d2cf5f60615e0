import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// Changing what runs while it runs: planned, applied, refused and taken back, by the command line.
  @Suite struct DeployTests {
    private let host: TestHost
    private let client: AdminClient

    private static func manifest(_ consumers: KeyValuePairs<String, [String]>) -> String {
      TestHost.consumers(consumers, more: "")
    }

    init() throws {
      host = try TestHost(Self.manifest(["one": [], "two": []]))
      for id in ["one", "two", "three"] { try host.compileConsumer(id) }
      try host.start()
      client = try host.client()
    }

    private func exit(_ words: String...) throws -> (code: ChildProcess.End, text: String) {
      let run = try Program([Products.promethean, "--deployment", host.directory, "--no-color"] + words)
      return (run.end, run.output + run.errors)
    }

    private func generations(_ name: String) throws -> JSON? { try client.instance(name)["generation"] }

    private func pid(_ name: String) throws -> Int64? { try client.instance(name)["pid"]?.intValue }

    /// Publishes some numbers, and expects plugins to handle them.
    private func expectService(_ numbers: ClosedRange<Int>, by names: String...) throws {
      for number in numbers { try client.publish(number) }
      for name in names {
        try host.waitUntilIdle(client, name)
        #expect(try client.report(name)["last"] == .int(Int64(numbers.upperBound)), "\(name)")
      }
    }

    @Test func `what differs is replaced, what does not is left alone, and all of it can be taken back`() throws {
      try expectService(1...10, by: "one", "two")
      #expect(try exit("plan").code == .status(0))
      let (one, two) = (try pid("one"), try pid("two"))

      try host.write(Self.manifest(["one": ["config: { delay_ms: 1 }"], "two": ["limits: { rate: 100 }"]]))
      let plan = try exit("plan")
      #expect(plan.code == .status(2) && plan.text.contains("reload") && plan.text.contains("hot"), "\(plan.text)")
      let applied = try exit("apply")
      #expect(applied.code == .status(0) && applied.text.contains("generation 2 applied"), "\(applied.text)")
      try host.until("the old one is gone") { kill(pid_t(one ?? 0), 0) == 0 ? nil : () }
      #expect(try pid("one") != one && pid("two") == two)
      try expectService(11...20, by: "one", "two")
      #expect(try exit("plan").code == .status(0))

      let back = try exit("rollback")
      #expect(back.code == .status(0) && back.text.contains("back to generation 1"), "\(back.text)")
      try expectService(21...30, by: "one", "two")
      #expect(try pid("two") == two)
      let history = try host.run("history", "--json").json
      #expect(history.compactMap { $0["cause"]?.stringValue }.filter { $0 == "rollback" }.count >= 1, "\(history)")
      // What was rolled back stays so, until plugins.yml is edited.
      #expect(try host.stop() == .status(0))
      try host.start()
      #expect(try exit("plan").code == .status(2))
    }

    @Test func `plugins come and go, and nothing is lost to those that stay`() throws {
      try host.write(Self.manifest(["two": [], "three": []]))
      let refused = try exit("apply")
      #expect(refused.code == .status(3) && refused.text.contains("three would gain"), "\(refused.text)")
      #expect(try client.instance("one")["state"] == "RUNNING")
      let applied = try exit("apply", "--approve")
      #expect(applied.code == .status(0), "\(applied.text)")
      try host.until("one is gone") {
        let names = try client.call("status")["instances"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        return names?.sorted() == ["three", "two"] ? () : nil
      }
      try expectService(1...10, by: "two", "three")
      // Back again, it goes on where it was.
      #expect(try exit("rollback").code == .status(0))
      try expectService(11...20, by: "one", "two")
      #expect(try client.report("one")["first"] == 1)
    }

    @Test func `a comment plans nothing, and a plan is applied exactly or refused`() throws {
      let text = Self.manifest(["one": [], "two": []])
      try host.write("# A comment.\n" + text)
      #expect(try exit("plan").code == .status(0))
      try host.write(Self.manifest(["one": ["config: { delay_ms: 1 }"], "two": []]))
      let file = "\(host.directory)/next.plan"
      #expect(try exit("plan", "-o", file).code == .status(2))
      try host.write(Self.manifest(["one": ["config: { delay_ms: 2 }"], "two": []]))
      let stale = try exit("apply", file)
      #expect(stale.code == .status(1) && stale.text.contains("the plan is stale"), "\(stale.text)")
      #expect(try generations("one") == 1)
      try host.write(Self.manifest(["one": ["config: { delay_ms: 1 }"], "two": []]))
      #expect(try exit("apply", file).code == .status(0))
      try expectService(1...5, by: "one", "two")
    }

    @Test func `if one of several is broken, all go on as they were`() throws {
      let (one, two) = (try pid("one"), try pid("two"))
      try host.write(Self.manifest(["one": ["config: { delay_ms: 1 }"], "two": ["config: { crash_at_start: 1 }"]]))
      let applied = try exit("apply")
      #expect(applied.code == .status(1) && applied.text.contains("two: it was killed by signal 6"), "\(applied.text)")
      try host.until("nothing of the new ones is left") {
        try client.call("status")["instances"]?.arrayValue?.count == 2 ? () : nil
      }
      #expect(try pid("one") == one && pid("two") == two)
      try expectService(1...10, by: "one", "two")
      let history = try host.run("history", "--json").json
      #expect(history.contains { $0["outcome"] == "refused" && $0["plugin"] == "two" }, "\(history)")
      #expect(try exit("plan").code == .status(2))

      // Nor does the next start take it.
      try host.write(Self.manifest(["one": [], "two": ["colour: red"]]))
      #expect(try exit("apply").code == .status(1))
      #expect(try host.stop() == .status(0))
      try host.start()
      let again = try host.client()
      #expect(try again.instance("two")["state"] == "RUNNING")
      #expect(
        try again.call("status")["degraded"]?.arrayValue?.contains { $0.stringValue?.contains("colour") == true }
          == true
      )
    }
  }
}
