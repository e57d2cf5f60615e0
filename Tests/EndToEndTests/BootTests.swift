import Envelope
import Foundation
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A host starts whatever one of its plugins is like, and starts no more than it is told to.
  @Suite struct BootTests {
    /// A way for a plugin to be broken before it runs.
    struct Breakage: Sendable, CustomTestStringConvertible {
      /// What is defined for the compiler; nil: there is no library at all.
      let name: String?
      /// What `status` says of it.
      let reason: String
      /// Whether it is not even tried.
      var isLeftOut = false
      var testDescription: String { name ?? "MISSING_LIBRARY" }
    }

    static let breakages = [
      Breakage(name: nil, reason: "libnot-there.so", isLeftOut: true),
      Breakage(name: "WRONG_NOTE", reason: "was built against ABI 99.1, this host runs 1.0 to 1.1", isLeftOut: true),
      Breakage(name: "WRONG_ABI", reason: "it is built for ABI 99.1, expected 1.1 or an older minor version"),
      Breakage(name: "MISSING_SYMBOL", reason: "undefined symbol: nobody_has_this"),
      Breakage(name: "CRASH_IN_CONSTRUCTOR", reason: "it was killed by signal 6 (SIGABRT)"),
      Breakage(name: "HANG_IN_CONSTRUCTOR", reason: "it was loading its library for longer than it may"),
      Breakage(name: "CRASH_IN_CREATE", reason: "it was killed by signal 6 (SIGABRT)"),
      Breakage(name: "HANG_IN_CREATE", reason: "it was in create for longer than it may"),
      Breakage(name: "FAIL_IN_CREATE", reason: "no paper in tray 2"),
      Breakage(name: "CRASH_IN_START", reason: "it was killed by signal 6 (SIGABRT)"),
      Breakage(name: "HANG_IN_START", reason: "it was in start for longer than it may"),
      Breakage(name: "NO_END_OF_START", reason: "it was in start for longer than it may"),
    ]

    @Test(arguments: breakages)
    func `one that is broken keeps no other from running`(breakage: Breakage) throws {
      let broken = """
          broken:
            library: \(breakage.name == nil ? "not-there" : "broken")
            trust: unsigned
            tenants: [echo/demo]
            limits: { start: 500ms }
        """
      let host = try TestHost(TestHost.consumers(["whole": []], more: broken))
      try host.compileConsumer("whole")
      if let name = breakage.name {
        let manifest = TestHost.worker("broken", inputs: [], capabilities: [])
        try host.compile("broken", id: "broken", manifest: manifest, defining: [name])
      }
      try host.start()
      let client = try host.client()
      for number in 1...20 { try client.publish(number) }
      try host.waitUntilIdle(client, "whole")
      #expect(try client.report("whole")["seen"] == 20)
      let whole = try client.instance("whole")
      #expect(whole["state"] == "RUNNING" && whole["restarts"] == 0 && whole["error"]?.isNull == true)

      if breakage.isLeftOut {
        let degraded = try client.call("status")["degraded"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(degraded.count == 1)
        #expect(degraded.first?.hasPrefix("plugin broken: ") == true)
        #expect(degraded.first?.contains(breakage.reason) == true, "\(degraded)")
      } else {
        let error = try host.until("the broken one has failed") { try client.instance("broken")["error"]?.stringValue }
        #expect(error.contains(breakage.reason), "\(error)")
        #expect(try client.instance("broken")["state"] != "RUNNING")
      }
      #expect(try host.run("status").output.contains(breakage.reason))
      #expect(try host.stop() == .status(0))
    }

    private func safeHost(_ words: String...) throws -> TestHost {
      let host = try TestHost(TestHost.consumers(["one": [], "two": [], "off": ["enabled: false"]]))
      for id in ["one", "two", "off"] { try host.compileConsumer(id) }
      host.words = ["--safe"] + words
      return host
    }

    @Test func `a safe start starts what is named, and the rest is there after one that is not safe`() throws {
      let host = try safeHost("one")
      try host.start()
      let client = try host.client()
      for number in 1...5 { try client.publish(number) }
      try host.waitUntilIdle(client, "one")
      #expect(try client.report("one")["seen"] == 5)
      let two = try client.instance("two")
      #expect(two["state"] == "STOPPED" && two["error"] == "not started: --safe" && two["pid"]?.isNull == true)
      #expect(two["lag"] == 5)
      #expect(try host.run("status").output.contains("two: not started: --safe"))
      #expect(throws: AdminClientError.refused(code: "unavailable", message: "two is quarantined or stopped")) {
        try client.request("promethean.p.echo.t.demo.two.report")
      }
      #expect(try host.stop() == .status(0))

      host.words = []
      try host.start()
      let again = try host.client()
      try host.waitUntilIdle(again, "two")
      #expect(try again.report("two")["seen"] == 5)
      #expect(try again.report("one")["seen"] == 0)
    }

    @Test func `the deployment may be named in the environment, and by an option in place of that`() throws {
      let host = try TestHost(TestHost.echo())
      func validate(_ variable: String, _ options: String...) throws -> Program {
        try Program(
          ["/usr/bin/env", "PROMETHEAN_DEPLOYMENT=\(variable)", Products.promethean, "validate"] + options,
          seconds: 60
        )
      }
      let named = try validate(host.directory)
      #expect(named.end == .status(0) && named.output.contains("\(host.directory)/plugins.yml"), "\(named)")
      let missing = try validate("\(host.directory)/elsewhere")
      #expect(missing.end == .status(1), "\(missing)")
      #expect(try validate("\(host.directory)/elsewhere", "--deployment", host.directory).end == .status(0))
    }

    @Test func `a safe start without a name starts nothing, and takes what is sent`() throws {
      let host = try safeHost()
      try host.start()
      let client = try host.client()
      #expect(try client.publish(1) != nil)
      for name in ["one", "two"] { #expect(try client.instance(name)["state"] == "STOPPED") }
      #expect(try host.stop() == .status(0))
    }

    @Test(arguments: [("tow", "\"tow\" (did you mean two?)"), ("everything", "\"everything\""), ("off", "\"off\"")])
    func `a safe start of what is not there is refused`(name: String, said: String) throws {
      let host = try safeHost()
      let up = try host.run("up", "--safe", "one", name)
      #expect(up.end == .status(1))
      #expect(up.errors.hasSuffix(" has no enabled plugin \(said)\n"), "\(up.errors)")
      #expect(up.output == "")
    }
  }
}
