import Envelope
import Foundation
import Glibc
import Host
import Locking
import TestSupport
import Testing

extension EndToEndChanges {
  /// A library in `plugins.d` is noticed, runs when plugins.yml grants it, and runs on whatever becomes of its file.
  @Suite struct DropInTests {
    private static let empty = """
      version: 1
      host: { http: { enabled: false } }
      tenants: [{ provider: echo, tenant: demo }]
      plugins: {}
      """

    /// The entries of the drop-in folder that status shows.
    private func dropIns(_ client: AdminClient) throws -> [JSON] {
      try client.call("status")["drop_ins"]?["files"]?.arrayValue ?? []
    }

    /// Waits until status shows one file, in that state.
    @discardableResult
    private func until(_ state: String, _ host: TestHost, _ client: AdminClient) throws -> JSON {
      try host.until("a library is \(state)") { () -> JSON? in
        let files = try dropIns(client)
        guard files.count == 1, files[0]["state"]?.stringValue == state else { return nil }
        return files[0]
      }
    }

    private func digest(_ path: String) throws -> String {
      String(try Program(["/usr/bin/sha256sum", path]).output.prefix(64))
    }

    @Test func `a library that is dropped in is discovered, mapped nowhere, and runs when it is granted`() throws {
      let host = try TestHost(Self.empty)
      try host.start()
      let client = try host.client()
      #expect(try dropIns(client) == [])
      let topics = ["promethean.p.echo.t.demo.events.Numbered", "promethean.p.echo.t.demo.ledger.*"]
      // Into a folder that was not there when the host was started.
      try host.compile("ledger", id: "ledger", manifest: TestHost.worker("ledger", inputs: topics, capabilities: []))
      let found = try until("discovered", host, client)
      #expect(found["file"] == "ledger.so" && found["id"] == "ledger" && found["version"] == "0.1.0")
      #expect(found["kind"] == "worker" && found["signature"] == ["state": "unsigned"])
      #expect(found["requests"] == .array(topics.map { .string("subscribe \($0)") }))
      #expect(try found["digest"]?.stringValue == digest("\(host.directory)/plugins.d/ledger.so"))
      let text = try host.run("--no-color", "status").output
      #expect(
        text.contains("ledger.so  discovered: ledger 0.1.0, worker, not signed\n    requests subscribe "),
        "\(text)"
      )

      let pid = try #require(host.process?.pid)
      #expect(try client.call("status")["instances"] == [])
      #expect(try ProcessView.children(of: pid).isEmpty)
      let held = ProcessView(pid: pid)
      #expect(try !held.mappings.contains { $0.name.contains("plugins.d") || $0.name.contains("ledger") })
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
      }
      #expect(!open.contains { $0.hasSuffix("ledger.so") })
      #expect(try host.run("validate").end == .status(0) && host.run("plan").end == .status(0))

      try host.write(
        Self.empty.replacingOccurrences(
          of: "{}",
          with: """

              ledger:
                library: ledger
                trust: unsigned
                tenants: [echo/demo]
                grants: { subscribe: [\(topics.map { "\"\($0)\"" }.joined(separator: ", "))] }
            """
        )
      )
      #expect(try dropIns(client).count == 1, "what plugins.yml grants is granted when it is applied")
      #expect(try host.run("apply").end == .status(3))
      #expect(try client.call("status")["instances"] == [])
      let applied = try host.run("apply", "--approve")
      try #require(applied.end == .status(0), "\(applied.errors)")
      let report = try #require(try client.request("promethean.p.echo.t.demo.ledger.report")["data"])
      #expect(report["version"] == 1)
      #expect(try dropIns(client) == [])
      #expect(try !held.mappings.contains { $0.name.hasSuffix(".so") && $0.name.contains(host.directory) })
      #expect(try host.stop() == .status(0))
    }

    @Test func `links, pipes and halves are said to be broken, and harm nothing`() throws {
      let host = try TestHost(Self.empty)
      let folder = "\(host.directory)/plugins.d"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      #expect(unsafe symlink("/etc/passwd", "\(folder)/link.so") == 0)
      #expect(unsafe symlink("loop.so", "\(folder)/loop.so") == 0)
      #expect(unsafe mkfifo("\(folder)/pipe.so", 0o600) == 0)
      #expect(unsafe mkdir("\(folder)/directory.so", 0o700) == 0)
      try Data("\u{7F}ELF".utf8).write(to: URL(filePath: "\(folder)/half.so"))
      try host.start()
      let client = try host.client()
      let files = try host.until("all are seen") {
        let files = try dropIns(client)
        return files.count == 5 ? files : nil
      }
      #expect(files.allSatisfy { $0["state"] == "broken" })
      let reasons = files.map { "\($0["file"]?.stringValue ?? "") \($0["reason"]?.stringValue ?? "")" }
      #expect(
        reasons == [
          "directory.so is not a regular file", "half.so is truncated: its header is cut",
          "link.so is a symbolic link, which is not followed; put the file itself here",
          "loop.so is a symbolic link, which is not followed; put the file itself here",
          "pipe.so is not a regular file",
        ]
      )
      #expect(try client.call("status")["degraded"] == [])
      #expect(try !host.records.contains { $0["level"] == "error" || $0["level"] == "warn" })
      #expect(try host.stop() == .status(0))
    }

    // MARK: - What becomes of the file of a plugin that runs

    /// The bytes of the plugin's library in two versions, of which the first is there.
    private func versions(_ ledger: Ledger) throws -> (path: String, first: Data, second: Data) {
      let path = "\(ledger.host.directory)/plugins.d/ledger.so"
      let first = try Data(contentsOf: URL(filePath: path))
      try ledger.build(version: 2)
      let second = try Data(contentsOf: URL(filePath: path))
      try first.write(to: URL(filePath: path), options: .atomic)
      return (path, first, second)
    }

    /// Writes a file anew where it is, in small pieces, as a slow copy does.
    private static func overwrite(_ path: String, _ bytes: Data, upTo count: Int = .max) throws -> FileHandle {
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      try file.truncate(atOffset: 0)
      for start in stride(from: 0, to: min(count, bytes.count), by: 4096) {
        try file.write(contentsOf: bytes[start..<min(start + 4096, bytes.count)])
      }
      return file
    }

    private func version(_ ledger: Ledger) throws -> JSON? {
      try ledger.client.request("promethean.p.echo.t.demo.ledger.report")["data"]?["version"]
    }

    /// Kills the plugin, and waits until it is there again.
    private func restart(_ ledger: Ledger) throws {
      let before = try ledger.settled()
      kill(pid_t(try #require(before["pid"]?.intValue)), SIGKILL)
      try ledger.host.until("it runs again") {
        let now = try ledger.client.instance("ledger")
        return now["pid"] != before["pid"] && now["state"] == "RUNNING" ? () : nil
      }
    }

    @Test func `a plugin runs on, and again, as it was when its file is another one, a part, or gone`() throws {
      let ledger = try Ledger(trust: "unsigned")
      let (path, _, second) = try versions(ledger)
      let host = ledger.host
      let changes: [(state: String, change: () throws -> Void)] = [
        ("changed", { try Self.overwrite(path, second).close() }),
        ("broken", { #expect(unsafe truncate(path, off_t(second.count / 3)) == 0) }),
        ("changed", { try second.write(to: URL(filePath: path), options: .atomic) }),
      ]
      for (state, change) in changes {
        try change()
        let found = try until(state, host, ledger.client)
        #expect(found["file"] == "ledger.so" && found["plugin"] == "ledger", "\(found)")
        #expect(try version(ledger) == 1)
        try restart(ledger)
        #expect(try version(ledger) == 1)
      }
      #expect(try host.run("plan").end == .status(2))
      try FileManager.default.removeItem(atPath: path)
      try host.until("it is not there") { try dropIns(ledger.client).isEmpty ? () : nil }
      try restart(ledger)
      #expect(try version(ledger) == 1)
      #expect(throws: (any Error).self) { try ledger.reload() }
      // A host that starts anew has the store alone to go by.
      try host.kill()
      try host.start()
      let again = try host.client().request("promethean.p.echo.t.demo.ledger.report")
      #expect(again["data"]?["version"] == 1)
      try second.write(to: URL(filePath: path))
      try host.until("it is noticed") { try dropIns(host.client()).isEmpty ? nil : () }
      #expect(try host.client().call("apply", ["approve": false])["outcome"] == "applied")
      #expect(try host.client().request("promethean.p.echo.t.demo.ledger.report")["data"]?["version"] == 2)
      #expect(try host.stop() == .status(0))
    }

    @Test func `half of a library that is being written is not taken, and the whole is when it is closed`() throws {
      let ledger = try Ledger(trust: "unsigned")
      let (path, _, second) = try versions(ledger)
      let writer = try Self.overwrite(path, second, upTo: second.count / 2)
      for _ in 0..<2 { #expect { try ledger.reload() } throws: { "\($0)".contains("is being written") } }
      #expect(try ledger.host.run("apply").errors.contains("is being written"))
      #expect(try version(ledger) == 1)
      try writer.seek(toOffset: 0)
      try writer.write(contentsOf: second)
      #expect { try ledger.reload() } throws: { "\($0)".contains("is being written") }
      try writer.close()
      try ledger.reload()
      #expect(try version(ledger) == 2)
      #expect(try ledger.host.stop() == .status(0))
    }

    /// How often the plugin is reloaded beside somebody who writes its file.
    private static let rounds = Products.isSoak ? 100 : 8

    @Test func `reloads beside somebody who writes the file take one version or the other, and nothing else`() throws {
      let ledger = try Ledger(trust: "unsigned")
      let (path, first, second) = try versions(ledger)
      let digests = try [first, second].map { bytes in
        let file = "\(ledger.host.directory)/version"
        try bytes.write(to: URL(filePath: file))
        return try digest(file)
      }
      let isOver = Locked(false)
      let written = Locked(0)
      let writer = Thread {
        var random = SystemRandomNumberGenerator()
        while !isOver.withLock({ $0 }) {
          let bytes = Bool.random(using: &random) ? first : second
          if Bool.random(using: &random) {
            try? Self.overwrite(path, bytes).close()
          } else {
            try? bytes.write(to: URL(filePath: path), options: .atomic)
          }
          written.withLock { $0 += 1 }
        }
      }
      writer.start()
      defer { isOver.withLock { $0 = true } }
      var taken = 0
      for _ in 0..<Self.rounds {
        // Beside whoever writes, a part is found now and then, and refused.
        do {
          try ledger.whilePublishing { try ledger.reload() }
          taken += 1
        } catch {
          try #require("\(error)".contains("ledger.so"), "\(error)")
        }
        let version = try version(ledger)
        #expect(version == 1 || version == 2)
      }
      isOver.withLock { $0 = true }
      let rounds = written.withLock { $0 }
      Products.say("\(taken) of \(Self.rounds) reloads were taken while the file was written \(rounds) times")
      let stored = try FileManager.default.contentsOfDirectory(atPath: "\(ledger.host.directory)/var/store")
      #expect(Set(stored).isSubset(of: digests.map { "\($0).so" }), "\(stored)")
      try second.write(to: URL(filePath: path), options: .atomic)
      try ledger.host.until("the writer is done") { writer.isFinished ? () : nil }
      try second.write(to: URL(filePath: path), options: .atomic)
      try ledger.reload()
      #expect(try version(ledger) == 2)
      #expect(try ledger.host.stop() == .status(0))
    }
  }
}
