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
    private static let tenants = ["one", "two"]
    /// What is in the same places without being a secret, so that the search is known to look there.
    private static let marker = "the-search-finds-this-\(getpid())"

    private let host: TestHost
    private let port: UInt16
    private let needles: Box<Needles>
    /// Not those that the host reads: whoever looks for a credential may not be who has it.
    private let outside: TemporaryDirectory

    private final class Box<Value> {
      var value: Value
      init(_ value: Value) { self.value = value }
    }

    init() throws {
      let outside = try TemporaryDirectory()
      let needles = Box(Needles())
      (self.outside, self.needles) = (outside, needles)
      port = try LoopbackListener().port
      let sources = Self.tenants.map { tenant in
        """
          - provider: canary
            tenant: \(tenant)
            credentials:
              variable: { env: CANARY_\(tenant) }
              file: { file: "\(outside.file(tenant))" }
              service: { credential: \(tenant).service }
        """
      }
      var words = ["/usr/bin/env", "CREDENTIALS_DIRECTORY=\(outside.path)"]
      for tenant in Self.tenants {
        words.append("CANARY_\(tenant)=\(Self.draw("variable of \(tenant)", needles))")
      }
      host = try TestHost(
        """
        version: 1
        host: { http: { port: \(port) } }
        tenants:
          - { provider: echo, tenant: demo }
        \(sources.joined(separator: "\n"))
        plugins:
          canary:
            library: canary
            trust: unsigned
            tenants: [canary/one, canary/two]
            limits: { max_attempts: 2 }
            grants:
              secrets.read: ["*"]
              subscribe: ["promethean.p.canary.t.*.control.*", "promethean.p.canary.t.*.events.*"]
              publish: ["promethean.p.canary.t.*.events.*"]
              log: {}
              metrics: {}
              clock: {}
          worker:
            library: worker
            trust: unsigned
            tenants: [echo/demo]
            grants:
              subscribe: [promethean.p.echo.t.demo.events.Numbered, promethean.p.echo.t.demo.worker.*]
              clock: {}
        """,
        wrapper: words
      )
      try write("")
      try host.compileConsumer("worker")
      try host.compile(
        "canary",
        id: "canary",
        manifest: """
          agent:
            id: canary
            kind: access
            provider: canary
            version: 0.1.0
            abi: 1.0
            inputs:
              - { topic: "promethean.p.canary.t.*.control.*" }
              - { topic: "promethean.p.canary.t.*.events.*" }
            outputs:
              - { topic: "promethean.p.canary.t.*.events.*" }
            capabilities: [clock, log, metrics, secrets.read: ["*"]]
          """
      )
    }

    /// Makes up a credential that encodings do not leave as it is, and has it looked for from now on.
    private static func draw(_ name: String, _ needles: Box<Needles>, beginning: String = "") -> String {
      let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
      let secret = (0..<4).map { _ in String((0..<6).map { _ in letters.randomElement() ?? "x" }) }
      let text = beginning + secret.joined(separator: "/+").replacing("+", with: "\"+", maxReplacements: 1)
      needles.value.add(text, name)
      return text
    }

    /// Writes new credentials into the files of both tenants.
    private func write(_ generation: String, beginning: String = "") throws {
      for tenant in Self.tenants {
        for (file, kind) in [(tenant, "file"), ("\(tenant).service", "service")] {
          let secret = Self.draw("\(generation) \(kind) of \(tenant)", needles, beginning: beginning)
          try outside.write(file, Array("\(secret)\n".utf8))
        }
      }
    }

    // MARK: - The scenario

    private static func topic(_ tenant: String, _ rest: String) -> String { "promethean.p.canary.t.\(tenant).\(rest)" }

    private func publish(_ client: AdminClient, _ tenant: String, _ intent: String, _ number: Int64 = 0) throws {
      let topic = Self.topic(tenant, "events.\(intent)")
      try client.call(
        "publish",
        [
          "topic": .string(topic), "intent": .string(intent),
          "payload": ["n": .int(number), "marker": .string(Self.marker)],
        ]
      )
    }

    private func pid(_ client: AdminClient, _ instance: String) throws -> Int32? {
      let status = try client.instance(instance)
      guard status["ready"]?.boolValue == true else { return nil }
      return status["pid"]?.intValue.map { Int32($0) }
    }

    /// Ends an instance, and waits until it is there again.
    private func restart(_ client: AdminClient, _ instance: String) throws {
      let old = try #require(try pid(client, instance))
      #expect(Glibc.kill(old, SIGKILL) == 0)
      _ = try host.until("\(instance) runs again") { try pid(client, instance).flatMap { $0 == old ? nil : $0 } }
    }

    /// Has plugins work, credentials replaced and processes die; nobody gives anything away.
    private func work(_ client: AdminClient) throws {
      for number in 1...20 { try client.publish(number) }
      for tenant in Self.tenants {
        let sizes = try client.request(Self.topic(tenant, "control.sizes"))["data"]
        for name in ["variable", "file", "service"] { #expect(sizes?[name]?.intValue ?? 0 > 24, "\(name)") }
      }
      try write("second")
      let rotated = try host.run("secrets", "rotate", "--json")
      #expect(rotated.end == .status(0))
      #expect(try rotated.json.count { $0["outcome"]?.stringValue == "changed" } == 4)
      try restart(client, "canary@one")
      let sizes = try client.request(Self.topic("one", "control.sizes"))["data"]
      #expect(sizes?["variable"]?.intValue ?? 0 > 24)
    }

    /// Has the plugin give away what it has.
    private func leak(_ client: AdminClient) throws -> [String] {
      var shown: [String] = []
      for tenant in Self.tenants { _ = try client.request(Self.topic(tenant, "control.say")) }
      try write("third")
      #expect(try host.run("secrets", "rotate").end == .status(0))
      for tenant in Self.tenants {
        // What it has of the older ones.
        _ = try client.request(Self.topic(tenant, "control.say_old"))
        for number in 0..<3 {
          let topic = Self.topic(tenant, "control.fail")
          let run = try host.run("request", topic, "--payload", "{\"n\":\(number)}", "--json")
          #expect(run.end == .status(1))
          shown += [run.output, run.errors]
          try publish(client, tenant, "Failing", Int64(number))
        }
        try publish(client, tenant, "Crashing")
      }
      for tenant in Self.tenants {
        _ = try host.until("\(tenant) has given up all") { () -> Bool? in
          try client.deadLetters().count { $0["consumer"]?.stringValue?.contains(tenant) == true } == 4 ? true : nil
        }
      }
      // One that cannot start, and says why.
      let old = try host.until("it runs") { try pid(client, "canary@two") }
      try write("last", beginning: "bad")
      #expect(try host.run("secrets", "rotate").end == .status(0))
      #expect(Glibc.kill(old, SIGKILL) == 0)
      _ = try host.until("it fails to start") { () -> Bool? in
        let error = try client.instance("canary@two")["error"]?.stringValue ?? ""
        return error.hasPrefix("start failed: the provider refused") ? true : nil
      }
      return shown
    }

    // MARK: - The search

    /// Files that the host has written, by their names.
    private func files() throws -> [String: [UInt8]] {
      let root = "\(host.directory)/var"
      let names = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
      var files: [String: [UInt8]] = [:]
      for name in names {
        var status = stat()
        guard unsafe lstat("\(root)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        files["var/\(name)"] = try FileBytes.read("\(root)/\(name)")
      }
      for name in ["out", "err"] { files[name] = try FileBytes.read("\(host.directory)/\(name)") }
      return files
    }

    /// What commands and pages show.
    private func shown(_ client: AdminClient) throws -> [String: [UInt8]] {
      var shown: [String: [UInt8]] = [:]
      let letters = try client.deadLetters().compactMap { $0["id"]?.intValue }
      let commands =
        [["status"], ["dlq", "list"], ["logs", "--limit", "10000"], ["logs", "--audit"]]
        + letters.map { ["dlq", "show", "\($0)"] }
      for command in commands {
        for format in [[], ["--json"]] {
          let run = try Program([Products.promethean, "--deployment", host.directory] + command + format)
          #expect(run.end == .status(0), "\(command) \(run.errors)")
          shown["\((command + format).joined(separator: " "))"] = Array((run.output + run.errors).utf8)
        }
      }
      let metrics = try HTTP.get("/metrics", port: port)
      // It has metrics of the plugin's, if not those.
      #expect(String(decoding: metrics, as: UTF8.self).contains("promethean_plugin_harmless"))
      shown["/metrics"] = metrics
      return shown
    }

    /// Looks for everything in all processes but those whose the credentials are.
    ///
    /// - Parameters:
    ///   - client: Says which processes those are.
    ///   - when: In words.
    ///   - isHostIncluded: Whether the memory of the host is looked through too, where what a plugin has told it was.
    /// - Throws: What keeps it from looking.
    private func searchProcesses(_ client: AdminClient, _ when: String, isHostIncluded: Bool = true) throws {
      let process = try #require(host.process)
      let instances = try client.call("status")["instances"]?.arrayValue ?? []
      let own = instances.filter { $0["plugin"]?.stringValue == "canary" }.compactMap { $0["pid"]?.intValue }
      let host = ProcessView(pid: process.pid)
      for view in try [host] + ProcessView.children(of: process.pid) {
        let what = view.pid == host.pid ? "the host" : "a runner"
        for file in ["environ", "cmdline"] {
          guard let bytes = try? view.file(file) else { continue }
          #expect(needles.value.found(in: bytes) == [], "\(file) of \(what), \(when)")
        }
        guard !own.contains(Int64(view.pid)) else {
          try checkPages(of: view)
          continue
        }
        guard view.pid != host.pid || isHostIncluded else { continue }
        guard let found = view.search(needles.value) else {
          Products.say("memory is not searched: only root can read it")
          continue
        }
        #expect(found == [], "the memory of \(what), \(when)")
      }
      var control = Needles()
      control.add(Self.marker, "marker")
      // A sanitizer's heap is a mapping that is too large to be looked through.
      if let found = host.search(control), !Products.isSanitized {
        #expect(found.contains { $0.hasPrefix("marker as raw") })
      }
    }

    /// Makes sure that where credentials lie in their own process, nobody can read.
    private func checkPages(of view: ProcessView) throws {
      let pages = try view.mappings.filter { $0.name.hasPrefix("/secretmem") }
      if pages.isEmpty { Products.say("this kernel has no secret memory") }
      for mapping in pages { #expect(!view.canRead(mapping)) }
    }

    @Test func `no credential gets anywhere, whatever its plugin does with it`() throws {
      try host.start()
      let client = try host.client()
      try publish(client, "one", "Marked")
      try searchProcesses(client, "at the start")
      try work(client)
      try searchProcesses(client, "after work")
      let errors = try leak(client)
      for text in errors { #expect(needles.value.found(in: text.utf8) == []) }
      try searchProcesses(client, "after it was given away", isHostIncluded: false)

      var control = Needles()
      control.add(Self.marker, "marker")
      let files = try files()
      for (name, bytes) in files { #expect(needles.value.found(in: bytes) == [], "\(name)") }
      #expect(files.contains { control.found(in: $0.value).contains("marker as raw") })
      for (name, bytes) in try shown(client) { #expect(needles.value.found(in: bytes) == [], "\(name)") }
      // That it did all this: the names are where credentials would be.
      let log = String(decoding: files["var/log/host.log"] ?? [], as: UTF8.self)
      for name in ["variable", "file", "service"] { #expect(log.contains("standard error: [canary/two \(name)]")) }
    }
  }
}
