import Envelope
import Foundation
import Glibc
import Host
import Testing

extension EndToEnd {
  /// The end of a host: in order, and without anything left.
  @Suite struct ShutdownTests {
    private let host: TestHost

    init() throws {
      host = try TestHost(TestHost.echo())
    }

    /// The processes of a host's instances.
    private func runners(_ status: JSON) -> [pid_t] {
      (status["instances"]?.arrayValue ?? []).compactMap { $0["pid"]?.intValue.map { pid_t($0) } }
    }

    private func expectNothingLeft(of runners: [pid_t]) {
      #expect(runners.count == 4)
      for pid in runners { #expect(kill(pid, 0) == -1 && errno == ESRCH, "the runner \(pid) is there") }
      #expect(!FileManager.default.fileExists(atPath: AdminClient.socketPath(directory: host.directory)))
      let lock = unsafe open("\(host.directory)/var/run/host.lock", O_RDWR | O_CLOEXEC)
      #expect(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0, "the lock is held")
      close(lock)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal stops everything in order, and nothing is left`(signal: Int32) throws {
      let runners = runners(try host.start())
      #expect(try host.stop(signal) == .status(0))
      expectNothingLeft(of: runners)
      let log = try String(contentsOfFile: "\(host.directory)/var/log/host.log", encoding: .utf8)
      #expect(!log.contains("did not stop in order"))
      #expect(log.contains("host stopped"))
    }

    @Test func `a host that is starting stops as well`() throws {
      try host.spawn()
      let status = try host.client().call("status")
      #expect(try host.stop() == .status(0))
      for pid in runners(status) { #expect(kill(pid, 0) == -1 && errno == ESRCH) }
      #expect(!FileManager.default.fileExists(atPath: AdminClient.socketPath(directory: host.directory)))
    }

    @Test func `down stops everything in order, and what was under way is there after the next start`() throws {
      let runners = runners(try host.start())
      let client = try host.client()
      var open: Set<Int64> = []
      for number in 1...200 {
        let message = try #require(Message.made(number)).json
        let topic: JSON = "promethean.p.echo.t.demo.control.send"
        open.insert(try client.send("request", ["topic": topic, "intent": "send", "payload": message]))
      }
      var accepted: Int64 = 0
      var isTold = false
      do throws(AdminClientError) {
        while !open.isEmpty {
          let event = try client.receive()
          open.remove(event.request)
          if case .ok = event.content { accepted += 1 }
          if accepted == 50, !isTold {
            isTold = true
            do { #expect(try host.run("down").end == .status(0)) } catch { Issue.record(error) }
          }
        }
      } catch {
        #expect(error == .closed)
      }
      #expect(try host.process?.wait() == .status(0))
      expectNothingLeft(of: runners)
      try host.start()
      let again = try host.client()
      try host.waitUntilIdle(again)
      let count = try #require(try host.count(again))
      #expect(count >= accepted && count <= 200)
      #expect(accepted >= 50)
    }

    @Test func `a second host on a deployment is refused, and the first goes on`() throws {
      try host.start()
      let second = try host.run("up")
      #expect(second.end == .status(1))
      #expect(second.errors.contains("a host runs this deployment already"))
      #expect(try host.run("status").end == .status(0))
    }

    @Test func `what a killed host has left keeps nobody from starting`() throws {
      let runners = runners(try host.start())
      try host.kill()
      for pid in runners {
        _ = try host.until("runner \(pid) is gone", isRunning: false) { kill(pid, 0) == -1 ? () : nil }
      }
      try host.start()
      #expect(try host.stop() == .status(0))
    }
  }
}
