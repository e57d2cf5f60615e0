import Envelope
import Foundation
import Host
import Testing

extension EndToEnd {
  /// Plugins and messages that fail: what becomes of them, and that nothing else does.
  @Suite struct RobustnessTests {
    private func host(_ consumers: KeyValuePairs<String, [String]>) throws -> TestHost {
      let host = try TestHost(TestHost.consumers(consumers))
      for (id, _) in consumers { try host.compileConsumer(id) }
      return host
    }

    @Test func `a plugin that crashes at each start is quarantined, and the others work`() throws {
      let host = try host(["broken": ["config: { crash_at_start: 1 }"], "whole": []])
      try host.start()
      let client = try host.client()
      let broken = try host.until("it is quarantined") { () -> JSON? in
        // Meanwhile the other one works.
        try client.publish(1)
        let broken = try client.instance("broken")
        guard broken["state"]?.stringValue == "QUARANTINED" else { return nil }
        return broken
      }
      #expect(broken["error"]?.stringValue == "it was killed by signal 6 (SIGABRT)")
      #expect(broken["pid"]?.isNull == true)
      let whole = try client.instance("whole")
      #expect(whole["state"]?.stringValue == "RUNNING")
      #expect(whole["restarts"] == 0)
      try host.waitUntilIdle(client, "whole")
      #expect(try client.report("whole")["seen"]?.intValue ?? 0 > 1)
      let logged = try host.run("logs", "--plugin", "broken", "--json").json.compactMap { $0["message"]?.stringValue }
      #expect(logged.contains("it was told to crash"))
      #expect(throws: AdminClientError.refused(code: "unavailable", message: "broken is quarantined or stopped")) {
        try client.request("promethean.p.echo.t.demo.broken.report")
      }
    }

    /// Where a plugin blocks for ever, as `broken.c` names it, and what `status` says of it.
    private static let blocks = [
      "HANG_IN_CONSTRUCTOR": "it was loading its library for longer than it may",
      "HANG_IN_CREATE": "it was in create for longer than it may",
      "HANG_IN_START": "it was in start for longer than it may",
      "FREEZE_IN_START": "it was in start for longer than it may",
      "FREEZE_WHEN_ASKED": "it held a delivery for longer than its deadline of 0.2 seconds",
    ]

    @Test func `plugins that block for ever are ended each time, and quarantined, and the others work`() throws {
      let ids = Self.blocks.keys.map { ($0, $0.lowercased().replacing("_", with: "")) }
      let plugins = ids.map { _, id in
        """
          \(id):
            library: \(id)
            trust: unsigned
            tenants: [echo/demo]
            grants: { subscribe: ["promethean.p.echo.t.demo.\(id).*"] }
            limits: { start: 200ms, deadline: 200ms }
        """
      }
      let host = try TestHost(TestHost.consumers(["whole": []], more: plugins.joined(separator: "\n")))
      try host.compileConsumer("whole")
      for (name, id) in ids {
        let manifest = TestHost.worker(id, inputs: ["promethean.p.echo.t.demo.\(id).*"], capabilities: [])
        try host.compile("broken", id: id, manifest: manifest, defining: [name])
      }
      try host.start()
      let (client, asker) = (try host.client(), try host.client())
      var count = 0
      try host.until("all are quarantined") {
        count += 1
        try client.publish(count)
        // One of them blocks only over this.
        if try client.instance("freezewhenasked")["ready"] == true {
          #expect(throws: AdminClientError.self) { try asker.request("promethean.p.echo.t.demo.freezewhenasked.ask") }
        }
        return try ids.allSatisfy { try client.instance($0.1)["state"] == "QUARANTINED" } ? () : nil
      }
      for (name, id) in ids {
        let broken = try client.instance(id)
        #expect(broken["error"]?.stringValue == Self.blocks[name], "\(name)")
        #expect(broken["pid"]?.isNull == true)
        // The eighth start in vain is the last.
        #expect(broken["restarts"] == 7, "\(name)")
      }
      try host.waitUntilIdle(client, "whole")
      #expect(try client.report("whole")["seen"] == .int(Int64(count)))
      let whole = try client.instance("whole")
      #expect(whole["state"] == "RUNNING" && whole["restarts"] == 0)
      #expect(try host.stop() == .status(0))
    }

    @Test func `a message that its consumer dies of goes to the dead letters, and the others pass`() throws {
      let limits = "limits: { max_attempts: 3 }"
      let host = try host(["worker": ["config: { crash_on: 7 }", limits], "other": []])
      try host.start()
      let client = try host.client()
      for number in 1...20 { try client.publish(number) }
      try host.waitUntilIdle(client, "worker")
      try host.waitUntilIdle(client, "other")
      #expect(try client.report("other")["seen"] == 20)

      let letters = try client.deadLetters()
      try #require(letters.count == 1)
      #expect(letters[0]["consumer"]?.stringValue == "worker")
      #expect(letters[0]["attempts"] == 3)
      let reason = "worker ended while it held this: it was killed by signal 6 (SIGABRT)"
      #expect(letters[0]["reason"]?.stringValue == reason)
      let id = try "\(#require(letters[0]["id"]?.intValue))"
      let shown = try #require(host.run("dlq", "show", id, "--json").json.first)
      #expect(shown["envelope"]?["data"] == ["n": 7])
      #expect(try host.run("dlq", "list").output.contains(reason))

      // Mended, it takes what it could not.
      _ = try host.stop()
      try host.write(TestHost.consumers(["worker": [limits], "other": []]))
      try host.start()
      #expect(try host.run("dlq", "replay", "--plugin", "worker").output == "1 replayed\n")
      let again = try host.client()
      try host.waitUntilIdle(again, "worker")
      let report = try again.report("worker")
      #expect(report["seen"] == 1 && report["last"] == 7)
      #expect(try again.deadLetters() == [])
      #expect(try again.report("other")["seen"] == 0)
      #expect(try host.run("dlq", "replay", id).end == .status(1))
    }

    @Test func `a message that is rejected is not tried again`() throws {
      let host = try TestHost(TestHost.echo())
      try host.start()
      let client = try host.client()
      try client.call(
        "publish",
        [
          "topic": "promethean.p.echo.t.demo.events.SocialMessageCreated", "intent": "SocialMessageCreated",
          "payload": ["message_id": "m1"],
        ]
      )
      try host.waitUntilIdle(client)
      let letters = try client.deadLetters()
      try #require(letters.count == 1)
      #expect(letters[0]["attempts"] == 1)
      #expect(letters[0]["reason"]?.stringValue?.contains("expected") == true)
    }

    @Test func `more dead letters than are read at once are listed and replayed, each once`() throws {
      let host = try TestHost(TestHost.echo())
      try host.start()
      let client = try host.client()
      let count = 75
      for number in 1...count {
        try client.call(
          "publish",
          [
            "topic": "promethean.p.echo.t.demo.events.SocialMessageCreated", "intent": "SocialMessageCreated",
            "payload": ["message_id": .string("m\(number)")],
          ]
        )
      }
      try host.waitUntilIdle(client)
      let ids = try client.deadLetters().compactMap { $0["id"]?.intValue }
      #expect(ids.count == count)
      #expect(ids == ids.sorted())
      var some: [Int64] = []
      try client.call("dead_letters.list", ["limit": 40, "after": .int(ids[9])]) {
        some.append($0["id"]?.intValue ?? 0)
        return true
      }
      #expect(some == Array(ids[10..<50]))
      // Each dies again, as a letter of its own, which is none of those that were replayed.
      let replayed = try client.call("dead_letters.replay", ["plugin": "message-indexer"])
      #expect(replayed["replayed"] == .int(Int64(count)))
      try host.waitUntilIdle(client)
      let again = try client.deadLetters().compactMap { $0["id"]?.intValue }
      #expect(again.count == count)
      #expect(Set(again).isDisjoint(with: ids))
    }

    /// Sends requests of several kinds to a worker at once and checks that each has one answer, and that it is the
    /// right one.
    private func ask(_ client: AdminClient, _ kinds: KeyValuePairs<String, String>, timeout: Int64) throws {
      var open: [Int64: String] = [:]
      for (kind, expected) in kinds {
        let topic = "promethean.p.echo.t.demo.worker.\(kind)"
        let request = try client.send(
          "request",
          ["topic": .string(topic), "intent": .string(kind), "timeout_ms": .int(timeout)]
        )
        open[request] = expected
      }
      while !open.isEmpty {
        let event = try client.receive()
        guard let expected = open.removeValue(forKey: event.request) else {
          Issue.record("\(event) answers what was answered")
          continue
        }
        switch event.content {
        case .ok: #expect(expected == "ok")
        case .error(let error): #expect("\(error)".hasPrefix(expected))
        case .item: Issue.record("\(event)")
        }
      }
    }

    @Test func `a request has exactly one answer, whatever becomes of it`() throws {
      let host = try host(["worker": []])
      try host.start()
      let client = try host.client()
      let kinds: KeyValuePairs = [
        "report": "ok", "fail": "failed: no paper in tray 2",
        "hold": "timeout: no answer to promethean.p.echo.t.demo.worker",
        "unheard.of": "unavailable: no plugin that runs here subscribes to", "report.": "invalid: topic",
      ]
      try ask(client, kinds, timeout: 300)
      // One that it holds when it dies, and the one that it dies of.
      try ask(client, ["hold": "failed: worker ended", "crash": "failed: worker ended"], timeout: 20_000)
      try ask(client, ["report": "ok"], timeout: 20_000)
      #expect(!client.hasEvent)
    }

    @Test func `copies of one id are one, also after a restart`() throws {
      let host = try host(["worker": []])
      try host.start()
      let first = try host.client()
      #expect(try first.publish(1, id: "one") != nil)
      #expect(try first.publish(1, id: "one") == nil)
      #expect(try host.client().publish(1, id: "one") == nil)
      #expect(try first.publish(2, id: "two") != nil)
      try host.waitUntilIdle(first, "worker")
      #expect(try first.report("worker")["seen"] == 2)
      try host.kill()
      try host.start()
      let second = try host.client()
      #expect(try second.publish(1, id: "one") == nil)
      #expect(try second.publish(3, id: "three") != nil)
      try host.waitUntilIdle(second, "worker")
      #expect(try second.report("worker")["last"] == 3)
    }
  }
}
