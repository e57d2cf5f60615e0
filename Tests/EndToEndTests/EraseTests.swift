import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEndChanges {
  /// A person is erased from a real deployment: no byte of theirs is left in it, and every one of the others' is.
  @Suite struct EraseTests {
    private static let erased = "canary-author-7700001"
    private static let kept = "other-author-8800002"
    private static let urn = "urn:echo:user:demo:\(erased)"
    private static let canary = "the erased canary sings"
    private static let other = "the other canary goes on"
    /// Messages of each of the two.
    private static let count = 150

    /// SHA-256 of the first text of each.
    private static let digests = [
      "5399323ab5e2a7ba5c57295e576c947b702d5c8ad65a0057e573767018259357",
      "e8f9b1db325b9f4a2d12f038f2d1950ae9499ba513508606f11df4e6d4801bae",
    ]

    /// Messages of both in turn.
    private static let messages: [Message] = (0..<2 * count).compactMap { number in
      let isErased = number.isMultiple(of: 2)
      return Message([
        "id": .string("m\(number)"), "author": .string(isErased ? erased : kept), "space": "general",
        "text": .string("\(isErased ? canary : other) \(number)"), "created_at": .int(1_134_399_035 + Int64(number)),
      ])
    }

    /// How often some text is in the files of `var`, libraries left out.
    private func bytes(_ text: String, in host: TestHost) throws -> Int {
      let root = "\(host.directory)/var"
      let names = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
      return try names.filter { !$0.hasPrefix("store/") }.reduce(0) { sum, name in
        var status = stat()
        guard unsafe lstat("\(root)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
        return sum + Data(try FileBytes.read("\(root)/\(name)")).ranges(of: Data(text.utf8)).count
      }
    }

    private func deploy() throws -> TestHost {
      let host = try TestHost(TestHost.echo())
      try Message.write(Self.messages, to: "\(host.directory)/messages.ndjson")
      try host.start()
      try send(to: host)
      try host.waitUntilIdle(host.client())
      return host
    }

    private func send(to host: TestHost) throws {
      let sent = try host.run("send", "-p", "echo", "-t", "demo", "--file", "\(host.directory)/messages.ndjson")
      #expect(sent.output == "\(Self.messages.count) accepted\n", "\(sent.errors)")
    }

    private func erase(_ host: TestHost, _ words: [String]) throws -> Program {
      let command = [Products.promethean, "--deployment", host.directory, "erase", "-p", "echo", "-t", "demo"]
      return try Program(command + ["--author", Self.urn] + words)
    }

    @Test func `no byte is left of who was erased, and all of the other, through a kill and a second time`() throws {
      let host = try deploy()
      let vector = JSON.string(Data(repeating: 0x3f, count: 12).base64EncodedString())
      for number in [0, 1] {
        let content = JSON.string(Self.digests[number])
        _ = try host.client().request(
          "promethean.p.echo.t.demo.storage.vectors.put",
          [
            "model": ["name": "m", "version": "1", "checksum": "c", "dimension": 3],
            "vectors": [["foreign_id": .string("m\(number)"), "content": content, "vector": vector]],
          ],
          resource: "messages"
        )
      }
      #expect(try bytes(Self.canary, in: host) >= 2 * Self.count)
      let others = try bytes("\(Self.other) 1\"", in: host)
      #expect(others > 0)

      let dry = try erase(host, ["--dry-run", "--json"])
      #expect(dry.end == .status(0), "\(dry.errors)")
      #expect(try dry.json.first?["documents"]?.intValue == Int64(Self.count))
      #expect(try dry.json.first?["records"]?.intValue.map { $0 >= Int64(Self.count) } == true)
      let refused = try erase(host, [])
      #expect(refused.end == .status(1))
      #expect(refused.errors.contains("--yes"))
      #expect(try host.count(host.client()) == Int64(Self.messages.count))

      // In the middle: as soon as the first documents are gone.
      let interrupted = try ChildProcess(
        [Products.promethean, "--deployment", host.directory, "erase", "-p", "echo", "-t", "demo"]
          + ["--author", Self.urn, "--yes"],
        output: "\(host.directory)/interrupted",
        errors: "\(host.directory)/interrupted"
      )
      let watcher = try host.client()
      try host.until("documents are gone") { try host.count(watcher) ?? 0 < Int64(Self.messages.count) ? () : nil }
      try host.kill()
      _ = try interrupted.wait()
      try host.start()

      let whole = try erase(host, ["--yes", "--json"])
      #expect(whole.end == .status(0), "\(whole.output) \(whole.errors)")
      #expect(try whole.json.first?["found"] == [])
      #expect(try host.count(host.client()) == Int64(Self.count))
      for needle in [Self.canary, Self.erased] { #expect(try bytes(needle, in: host) == 0, "\(needle)") }
      let stored = try host.client().documents(provider: "echo", tenant: "demo")
      #expect(Set(stored.compactMap { $0["text"]?.stringValue }).count == Self.count)
      #expect(stored.allSatisfy { $0["text"]?.stringValue?.hasPrefix(Self.other) == true })
      #expect(try bytes(Self.other, in: host) >= 2 * Self.count)
      let audit = try host.records.filter {
        $0["message"]?.stringValue == "erasure done" && $0["fields"]?["dry_run"] == false
      }
      #expect(audit.last?["fields"]?["documents"]?.intValue.map { $0 <= Int64(Self.count) } == true)
      #expect(audit.last?["fields"]?["author"]?.stringValue?.count == 32)

      // What a provider delivers again does not come back, nor does it stay in the journal after the next time.
      try send(to: host)
      try host.waitUntilIdle(host.client())
      #expect(try host.count(host.client()) == Int64(Self.count))
      let again = try erase(host, ["--yes"])
      #expect(again.end == .status(0), "\(again.output) \(again.errors)")
      #expect(again.output.contains("found: 0"))
      #expect(try bytes(Self.canary, in: host) == 0)
      #expect(try host.client().deadLetters() == [])
      #expect(try host.stop() == .status(0))
      #expect(try bytes(Self.canary, in: host) == 0)
      #expect(try bytes(Self.erased, in: host) == 0)
    }

    @Test func `what was never stored is erased, does not come later, and where it is still is said`() throws {
      let host = try TestHost(TestHost.echo())
      try Message.write(Self.messages.prefix(20), to: "\(host.directory)/messages.ndjson")
      // The journal has it, and nobody who indexes.
      host.words = ["--safe", "echo", "storage"]
      try host.start()
      let sent = try host.run("send", "-p", "echo", "-t", "demo", "--file", "\(host.directory)/messages.ndjson")
      #expect(sent.output == "20 accepted\n")
      try Data("a note that names \(Self.erased)\n".utf8).write(to: URL(filePath: "\(host.directory)/var/note"))
      try Data("\(Self.canary) 0, they said\n".utf8).write(to: URL(filePath: "\(host.directory)/var/quote"))
      // A second run knows the texts of which nothing but the copy is left.
      for _ in 0..<2 {
        let erased = try erase(host, ["--yes", "--json", "--wait", "0s"])
        #expect(erased.end == .status(1))
        #expect(
          try erased.json.first?["found"]
            == [["path": "var/note", "kind": "id", "count": 1], ["path": "var/quote", "kind": "text", "count": 1]]
        )
        #expect(try erased.json.first?["messages"] == 10)
      }
      for name in ["note", "quote"] { try FileManager.default.removeItem(atPath: "\(host.directory)/var/\(name)") }
      #expect(try erase(host, ["--yes", "--json", "--wait", "0s"]).end == .status(0))
      #expect(try host.stop() == .status(0))
      host.words = []
      try host.start()
      try host.waitUntilIdle(host.client())
      #expect(try host.client().storedMessages().count == 10)
      #expect(try host.client().deadLetters() == [])
      #expect(try bytes(Self.canary, in: host) == 0)
      for (tenant, words) in [("other", "expected a URN of echo/other"), ("third", "a tenant of plugins.yml")] {
        let wrong = try host.run("erase", "-p", "echo", "-t", tenant, "--author", Self.urn, "--yes")
        #expect(wrong.end == .status(1))
        #expect(wrong.errors.contains(words), "\(wrong.errors)")
      }
    }
  }
}
