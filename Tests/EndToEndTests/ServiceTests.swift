import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A host that a service manager has started.
  @Suite struct ServiceTests {
    /// How often a host that is watched gives a sign of life here, in milliseconds: twice in WATCHDOG_USEC.
    private static let signs: Int32 = 200

    private func service(_ manifest: String) throws -> (host: TestHost, socket: NotifySocket) {
      let socket = try NotifySocket("@promethean-test-\(UInt64.random(in: 0...(.max)))")
      let watchdog = "WATCHDOG_USEC=\(Self.signs * 2 * 1000)"
      let wrapper = ["/usr/bin/env", "NOTIFY_SOCKET=\(socket.address)", watchdog]
      return (try TestHost(manifest, wrapper: wrapper), socket)
    }

    @Test func `it is told when all instances are ready, how they are, and when the host stops`() throws {
      let (host, socket) = try service(TestHost.echo())
      try host.spawn()
      let start = socket.messages(upTo: "READY=1")
      #expect(start.last == "READY=1")
      let statuses = start.filter { $0.hasPrefix("STATUS=") }
      #expect(statuses.first?.hasPrefix("STATUS=0 of 4 instances ready; ") == true, "\(start)")
      #expect(statuses.last == "STATUS=4 of 4 instances ready")
      let instances = try host.client().call("status")["instances"]?.arrayValue ?? []
      #expect(instances.map { $0["state"] } == Array(repeating: "RUNNING", count: 4))
      #expect(try host.stop() == .status(0))
      let end = socket.pending()
      #expect(end.filter { $0 == "STOPPING=1" }.count == 1 && !end.contains("READY=1"), "\(end)")
      let stopping = try #require(end.firstIndex(of: "STOPPING=1"))
      #expect(end[stopping...].contains { $0.hasPrefix("STATUS=") && $0.contains(": stopping") }, "\(end)")
    }

    @Test func `it is told that the host is ready without one that will not be, and which that is`() throws {
      let broken = """
          broken:
            library: broken
            trust: unsigned
            tenants: [echo/demo]
        """
      let (host, socket) = try service(TestHost.consumers(["whole": []], more: broken))
      try host.compileConsumer("whole")
      let manifest = TestHost.worker("broken", inputs: [], capabilities: [])
      try host.compile("broken", id: "broken", manifest: manifest, defining: ["FAIL_IN_CREATE"])
      try host.spawn()
      let start = socket.messages(upTo: "READY=1")
      #expect(start.last == "READY=1")
      let status = start.last { $0.hasPrefix("STATUS=") }
      #expect(status == "STATUS=1 of 2 instances ready; broken: failed, and is tried again", "\(start)")
      let given = "STATUS=1 of 2 instances ready; broken: quarantined"
      #expect(socket.messages(upTo: given).last == given)
      #expect(try host.stop() == .status(0))
    }

    @Test func `the command of a reload ends when the host is ready again, be it with what it had`() throws {
      let (host, socket) = try service(TestHost.consumers(["whole": []]))
      try host.compileConsumer("whole")
      try host.spawn()
      #expect(socket.messages(upTo: "READY=1").last == "READY=1")
      let reloads: KeyValuePairs = ["delay_ms: 1": ChildProcess.End.status(0), "crash_at_start: 1": .status(1)]
      for (config, end) in reloads {
        try host.write(TestHost.consumers(["whole": ["config: { \(config) }"]]))
        #expect(try host.run("apply").end == end)
        // What the socket had no room for comes when there is.
        let told = socket.messages(upTo: "READY=1").filter {
          $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") || $0 == "READY=1"
        }
        #expect(told.count == 2 && told.last == "READY=1", "\(told)")
      }
      #expect(try host.client().instance("whole")["generation"] == 2)
      #expect(try host.stop() == .status(0))
    }

    @Test func `signs of life come as long as the loop turns`() throws {
      let (host, socket) = try service(TestHost.consumers(["whole": []]))
      try host.compileConsumer("whole")
      try host.spawn()
      #expect(socket.messages(upTo: "READY=1").last == "READY=1")
      for _ in 0..<3 { #expect(socket.messages(upTo: "WATCHDOG=1").last == "WATCHDOG=1") }
      let process = try #require(host.process)
      process.kill(SIGSTOP)
      try host.until("the host stands still") {
        let stat = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
        return stat.contains(") T ") ? () : nil
      }
      _ = socket.pending()
      #expect(socket.next(milliseconds: Self.signs * 5) == nil)
      process.kill(SIGCONT)
      #expect(socket.messages(upTo: "WATCHDOG=1").last == "WATCHDOG=1")
      #expect(try host.stop() == .status(0))
    }

    @Test func `a host that cannot tell it anything runs all the same`() throws {
      let wrapper = ["/usr/bin/env", "NOTIFY_SOCKET=/nowhere/notify", "WATCHDOG_USEC=1000"]
      let host = try TestHost(TestHost.consumers(["whole": []]), wrapper: wrapper)
      try host.compileConsumer("whole")
      try host.start()
      #expect(try host.client().instance("whole")["state"] == "RUNNING")
      #expect(try host.stop() == .status(0))
      let log = try String(contentsOfFile: "\(host.directory)/var/log/host.log", encoding: .utf8)
      let lines = log.split(separator: "\n").filter { $0.contains("is not told") }
      #expect(lines.count == 1 && lines.allSatisfy { $0.contains("/nowhere/notify") }, "\(lines)")
    }
  }
}
