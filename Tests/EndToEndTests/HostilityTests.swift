import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A plugin that harms while it runs: another goes on being served, all of it and in order, and `status` says what
  /// became of the one that harmed.
  @Suite struct HostilityTests {
    /// Something that a plugin does to its host.
    struct Villainy: Sendable, CustomTestStringConvertible {
      /// What it is told.
      let intent: String
      /// What `status` says of why it ended.
      let reason: String
      /// What it may say instead where control groups bound the memory.
      var counted: String?
      /// What the audit says that it tried, where the kernel or the host can tell.
      var attempt: String?
      var testDescription: String { intent }
    }

    /// Events for the other plugin while one harms: more than it is given at once.
    private static let count = 200

    private static func host(_ limits: String, _ more: String = "") throws -> TestHost {
      let villain = """
          villain:
            library: villain
            trust: unsigned
            tenants: [echo/demo]
            grants:
              subscribe: ["promethean.p.echo.t.demo.villain.*", promethean.p.echo.t.demo.events.Villainous]
              publish: ["promethean.p.echo.t.demo.(voice|events|villain).*"]
              state: {}
              log: {}
              clock: {}
            limits: { \(limits) }
            \(more)
        """
      let host = try TestHost(TestHost.consumers(["whole": []], more: villain))
      try host.compileConsumer("whole")
      let manifest = TestHost.worker(
        "villain",
        inputs: ["promethean.p.echo.t.demo.villain.*", "promethean.p.echo.t.demo.events.Villainous"],
        outputs: ["promethean.p.echo.t.demo.(voice|events|villain).*"],
        capabilities: ["state", "log", "clock"]
      )
      try host.compile("villain", id: "villain", manifest: manifest)
      return host
    }

    /// Has the other plugin handle events, each once and in order.
    private func expectService(_ host: TestHost, _ client: AdminClient, from first: Int = 1) throws {
      let last = first + Self.count - 1
      for number in first...last {
        let topic: JSON = "promethean.p.echo.t.demo.events.Numbered"
        try client.send(
          "publish",
          ["topic": topic, "intent": "Numbered", "payload": ["n": .int(Int64(number))], "key": "numbers"]
        )
      }
      for _ in first...last {
        guard case .ok = try client.receive().content else { throw ChildProcess.Failure(description: "not recorded") }
      }
      try host.until("the other has handled everything") {
        try client.report("whole")["last"]?.intValue == Int64(last) ? () : nil
      }
      let report = try client.report("whole")
      #expect(report["seen"] == .int(Int64(last)) && report["disorder"] == 0)
      let whole = try client.instance("whole")
      #expect(whole["state"] == "RUNNING" && whole["restarts"] == 0 && whole["error"]?.isNull == true)
    }

    private static func topic(_ intent: String) -> String { "promethean.p.echo.t.demo.villain.\(intent)" }

    /// Tells the plugin what to do without waiting for an answer, which there may be none of.
    private func tell(_ client: AdminClient, _ intent: String) throws {
      try client.send(
        "request",
        ["topic": .string(Self.topic(intent)), "intent": .string(intent), "timeout_ms": 60_000]
      )
      // The host takes what a client sends in order, so it has been given the request when it answers this.
      try client.call("status")
    }

    static let deadly = [
      Villainy(intent: "segfault", reason: "it was killed by signal 11 (SIGSEGV)"),
      Villainy(intent: "spin", reason: "it held a delivery for longer than its deadline of 1.0 seconds"),
      Villainy(intent: "deadlock", reason: "it held a delivery for longer than its deadline of 1.0 seconds"),
      Villainy(intent: "hold", reason: "it held a delivery for longer than its deadline of 1.0 seconds"),
      // There is no more for malloc, and the plugin gives up, unless its group has come to its end before.
      Villainy(
        intent: "leak",
        reason: "it was killed by signal 6 (SIGABRT)",
        counted: "it was killed: over limits.memory (64 MiB)"
      ),
      Villainy(
        intent: "fork",
        reason: "SIGSYS: a system call that the sandbox forbids",
        attempt: "denied: a system call that the sandbox forbids"
      ),
      Villainy(intent: "poke", reason: "protocol violation", attempt: "denied: protocol violation: "),
    ]

    @Test(arguments: deadly)
    func `one that harms is ended, says why, and is there again`(villainy: Villainy) throws {
      let host = try Self.host("deadline: 1s, memory: 64MiB")
      try host.start()
      let (client, accomplice) = (try host.client(), try host.client())
      try tell(accomplice, villainy.intent)
      try expectService(host, client)
      let villain = try host.until("it is there again") { () -> JSON? in
        let villain = try client.instance("villain")
        guard villain["restarts"]?.intValue ?? 0 > 0, villain["state"] == "RUNNING" else { return nil }
        return villain
      }
      let counted = try counted(client).contains("memory") ? villainy.counted : nil
      let error = try #require(villain["error"]?.stringValue)
      #expect(error.contains(villainy.reason) || error == counted, "\(villain)")
      #expect(try host.run("status").output.contains(error))
      let audited = try host.run("logs", "--audit", "--json").json
      #expect(audited.allSatisfy { $0["plugin"] == "villain" && $0["instance"] == "villain" })
      if let attempt = villainy.attempt {
        #expect(audited.contains { $0["message"]?.stringValue?.hasPrefix(attempt) == true }, "\(audited)")
      } else {
        #expect(audited.isEmpty)
      }
      try expectService(host, client, from: Self.count + 1)
    }

    @Test(arguments: ["frames", "events", "requests", "state", "logs", "output"])
    func `one that floods is heard, and holds up nobody`(intent: String) throws {
      let host = try Self.host("deadline: 1h, rate: 500, logs: 10, stderr: 10")
      try host.start()
      let client = try host.client()
      _ = try client.request(Self.topic(intent))
      try expectService(host, client)
      try expectService(host, client, from: Self.count + 1)
      let villain = try client.instance("villain")
      #expect(villain["restarts"] == 0 && villain["state"] != "QUARANTINED", "\(villain)")
      #expect(try host.stop() == .status(0))
    }

    /// What a plugin is told that keeps it from stopping as it should, and what the log says when it was to stop.
    private static let stops: [String: String?] = [
      "stay": "did not stop in order: stop took longer than it may",
      // It waits for its own exit handlers and destructors, which never end.
      "leave": "did not stop in order: stop took longer than it may",
      "fall": "did not stop in order: it was killed by signal 6 (SIGABRT)",
      // The runner ends without them, and the host asks nobody by a signal.
      "linger": nil,
      "ignore": nil,
    ]
    /// How long the end of a host may take beside the 10 seconds of a plugin's: many times what it takes.
    private static let stopPatience = Duration.seconds(10 + 15)

    @Test(arguments: stops.keys.sorted())
    func `one that does not stop is ended, and the others stop in order`(intent: String) throws {
      let host = try Self.host("deadline: 1s")
      try host.start()
      let client = try host.client()
      let said = try #require(Self.stops[intent])
      _ = try client.request(Self.topic(intent))
      if intent == "ignore" {
        let pid = try #require(try client.instance("villain")["pid"]?.intValue)
        #expect(kill(pid_t(pid), SIGTERM) == 0)
        _ = try client.request(Self.topic("tell"))
      }
      try expectService(host, client)
      #expect(try client.instance("villain")["restarts"] == 0)
      let begun = ContinuousClock.now
      #expect(try host.stop() == .status(0))
      #expect(ContinuousClock.now - begun < Self.stopPatience)
      let late = try host.records.filter { $0["message"]?.stringValue?.hasPrefix("did not stop") == true }
      #expect(late.compactMap { $0["message"]?.stringValue } == [said].compactMap(\.self))
      #expect(late.allSatisfy { $0["plugin"] == "villain" })
    }

    // MARK: - Deliveries

    /// Publishes events for the villain, of one key.
    private func publish(_ client: AdminClient, _ intent: String, _ numbers: ClosedRange<Int>) throws {
      for number in numbers {
        try client.call(
          "publish",
          [
            "topic": "promethean.p.echo.t.demo.events.Villainous", "intent": .string(intent),
            "payload": ["n": .int(Int64(number))], "key": "villainous",
          ]
        )
      }
    }

    private static let late = "it held a delivery for longer than its deadline of 1.0 seconds"

    @Test func `one that reads no more is ended, and then has all that it left, in order`() throws {
      let host = try Self.host("deadline: 1s")
      try host.start()
      let client = try host.client()
      _ = try client.request(Self.topic("block"))
      let blocked = try client.instance("villain")
      #expect(blocked["state"] == "RUNNING")
      try publish(client, "take", 1...20)
      try expectService(host, client)
      try host.waitUntilIdle(client, "villain")
      let villain = try client.instance("villain")
      #expect(villain["restarts"] == 1 && villain["error"]?.stringValue == Self.late, "\(villain)")
      let told = try client.request(Self.topic("tell"))["data"]
      #expect(told == ["taken": 20, "last": 20, "disorder": 0])
      #expect(try client.deadLetters() == [])
      #expect(try host.run("status").output.contains(Self.late))
      try expectService(host, client, from: Self.count + 1)
    }

    @Test func `what one never settles is tried again as often as it may be, and then passed`() throws {
      let host = try Self.host("deadline: 1s, max_attempts: 3")
      try host.start()
      let client = try host.client()
      try publish(client, "hold", 0...0)
      try publish(client, "take", 1...20)
      try expectService(host, client)
      try host.waitUntilIdle(client, "villain")
      let letters = try client.deadLetters()
      try #require(letters.count == 1)
      #expect(letters[0]["consumer"] == "villain" && letters[0]["attempts"] == 3)
      #expect(letters[0]["reason"]?.stringValue == "villain ended while it held this: \(Self.late)")
      let villain = try client.instance("villain")
      #expect(villain["restarts"] == 3 && villain["error"]?.stringValue == Self.late, "\(villain)")
      let told = try client.request(Self.topic("tell"))["data"]
      #expect(told == ["taken": 20, "last": 20, "disorder": 0])
      try expectService(host, client, from: Self.count + 1)
    }

    /// What the kernel counts of each instance here.
    private func counted(_ client: AdminClient) throws -> String {
      try client.call("status")["control_groups"]?.stringValue ?? ""
    }

    @Test func `threads are an instance's own, however many replicas there are`() throws {
      let host = try Self.host("threads: 8", "replicas: 2")
      try host.start()
      let client = try host.client()
      var counts: [Int64] = []
      // A key leads to one and the same replica; of so many, both are led to.
      for key in 1...20 {
        let topic = JSON.string(Self.topic("threads"))
        let answer = try client.call("request", ["topic": topic, "intent": "threads", "key": .string("\(key)")])
        counts.append(answer["envelope"]?["data"]?["threads"]?.intValue ?? 0)
      }
      let first = counts.filter { $0 > 1 }
      let isCounted = try counted(client).contains("pids")
      if !isCounted { Products.say("no control groups, so replicas share the threads of their user") }
      if isCounted || geteuid() != 0 { #expect(first == [8, 8]) } else { #expect(first.reduce(0, +) <= 16) }
      #expect(first.count == 2)
      try expectService(host, client)
    }

    @Test func `one that spins gets no more of the processors than its share`() throws {
      let host = try Self.host("cpu: 5%, deadline: 1h")
      try host.start()
      let (client, accomplice) = (try host.client(), try host.client())
      guard try counted(client).contains("cpu") else {
        return Products.say("no control groups for the processors, so limits.cpu is not kept")
      }
      let pid = try #require(try client.instance("villain")["pid"]?.intValue)
      let membership = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
      let own = membership.split(separator: "\n").compactMap { $0.split(separator: ":").last.map(String.init) }
      let group = try #require(own.first { $0.contains("/promethean-\(host.process?.pid ?? 0)/villain.") })
      let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"]
      let place =
        try #require(mounts.first { FileManager.default.fileExists(atPath: "\($0)\(group)/cpu.stat") }) + group
      try tell(accomplice, "spin")
      try host.until("it is held back") {
        let lines = try String(contentsOfFile: "\(place)/cpu.stat", encoding: .utf8).split(separator: "\n")
        return lines.contains { $0.hasPrefix("nr_throttled ") && $0 != "nr_throttled 0" } ? () : nil
      }
      try expectService(host, client)
      // So that it need not be told to stop, which it would not hear.
      #expect(kill(pid_t(pid), SIGKILL) == 0)
      try host.until("it is there again") { try client.instance("villain")["state"] == "RUNNING" ? () : nil }
      #expect(try host.stop() == .status(0))
      #expect(!FileManager.default.fileExists(atPath: place), "its group is left")
    }
  }
}
