import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// A plugin that fills its directory: it cannot write on, loses nothing, and holds up nobody.
  @Suite struct DiskQuotaTests {
    private static let mebibyte = 1 << 20
    private static let limit = "4MiB"
    /// What one without room can write of a file.
    private static let spared = 64 << 10

    private let host: TestHost
    private let client: AdminClient
    private var directory: String { "\(host.directory)/var/data/filler/data" }

    init() throws {
      let filler = """
          filler:
            library: filler
            trust: unsigned
            tenants: [echo/demo]
            grants:
              subscribe: ["promethean.p.echo.t.demo.filler.*"]
              fs.write: [data]
            limits: { disk: \(Self.limit) }
        """
      host = try TestHost(TestHost.consumers(["whole": []], more: filler))
      try host.compileConsumer("whole")
      let manifest = TestHost.worker(
        "filler",
        inputs: ["promethean.p.echo.t.demo.filler.*"],
        capabilities: ["fs.write: [data]"]
      )
      let place = "DIRECTORY=\"\(host.directory)/var/data/filler/data\""
      try host.compile("filler", id: "filler", manifest: manifest, defining: [place])
      try host.start()
      client = try host.client()
    }

    /// Has the plugin do something; returns how many bytes it wrote, or the error that it had instead.
    @discardableResult
    private func tell(_ intent: String) throws -> (bytes: Int, error: Int32) {
      let answer = try client.request("promethean.p.echo.t.demo.filler.\(intent)")["data"]
      let bytes = try #require(answer?["bytes"]?.intValue)
      return (Int(bytes), Int32(try #require(answer?["error"]?.intValue)))
    }

    private func state() throws -> JSON { try client.instance("filler") }

    /// Waits until it is said to lack room, and returns in what words.
    private func shortage() throws -> String {
      let instance = try host.until("it lacks room") { () -> JSON? in
        let instance = try state()
        guard instance["state"] == "DEGRADED" else { return nil }
        return instance
      }
      #expect(instance["restarts"] == 0)
      return try #require(instance["error"]?.stringValue)
    }

    private func expectService() throws {
      let seen = try client.report("whole")["seen"]?.intValue ?? 0
      for number in 1...20 { try client.publish(number) }
      try host.waitUntilIdle(client, "whole")
      #expect(try client.report("whole")["seen"]?.intValue == seen + 20)
    }

    /// Bytes on the disk, by the kernel's own count.
    private func allocated() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
        var file = stat()
        return unsafe lstat("\(directory)/\(name)", &file) == 0 ? sum + Int(file.st_blocks) * 512 : sum
      }
    }

    /// Has it make files, deleted ones or not, of a mebibyte each until it cannot, or is over its limit.
    private func fill(_ intent: String) throws {
      for _ in 1...6 where try tell(intent).error != 0 { break }
    }

    @Test func `one that fills its disk cannot write on, and can again once there is room`() throws {
      try fill("grow")
      let words = try shortage()
      #expect(words.contains("bytes, and limits.disk allows \(Self.limit): it cannot write until there is room"))
      #expect(try host.run("status").output.contains(words))
      #expect(try allocated() <= 6 * Self.mebibyte)
      #expect(try tell("grow") == (Self.spared, 0))
      #expect(try tell("lengthen") == (0, EFBIG))
      try expectService()

      try tell("empty")
      try host.until("it has room again") { try state()["state"] == "RUNNING" ? () : nil }
      #expect(try tell("grow") == (Self.mebibyte, 0))
      #expect(try state()["restarts"] == 0)
      let log = try String(contentsOfFile: "\(host.directory)/var/log/host.log", encoding: .utf8)
      #expect(log.contains("its directories have room again"))
    }

    @Test func `files that are deleted and open count, where the host may see them`() throws {
      guard geteuid() == 0 else { return Products.say("only root sees what a plugin has open") }
      try fill("hide")
      _ = try shortage()
      #expect(try tell("hide") == (Self.spared, 0))
      try expectService()
    }

    @Test func `room beyond a file's end is not to be had`() throws {
      #expect(try tell("reserve") == (0, EPERM))
      #expect(try allocated() == 0)
    }

    @Test func `directories that are too deep to be counted count as full`() throws {
      try tell("deepen")
      #expect(try shortage().contains("is more than 64 directories deep, and limits.disk allows"))
      try expectService()
    }

    @Test func `one that is over twice its limit is ended`() throws {
      // It may be ended before it answers.
      _ = try? tell("litter")
      // Its state says so only until it is there again; it is ended for it again then.
      try host.until("it is ended for that") {
        let why = try state()["error"]?.stringValue ?? ""
        return why.contains("more than twice what limits.disk allows, \(Self.limit)") ? () : nil
      }
      try host.until("it is started again") { try state()["restarts"]?.intValue ?? 0 > 0 ? () : nil }
      try expectService()
    }
  }

  /// A storage whose disk is full: what it could not keep waits among the dead letters.
  @Suite struct FullStorageTests {
    /// As many messages as take some times the room that there is.
    private static let messages = Array(Message.all.prefix(1200))

    private static func manifest(disk: String) -> String {
      TestHost.echo(indexer: "    limits: { max_attempts: 1 }")
        .replacing("in_flight: 256, descriptors: 256", with: "in_flight: 256, descriptors: 256, disk: \(disk)")
    }

    @Test func `what a full storage refuses is not lost`() throws {
      let host = try TestHost(Self.manifest(disk: "1MiB"))
      try Message.write(Self.messages, to: "\(host.directory)/messages.ndjson")
      try host.start()
      let sent = try host.run("send", "-p", "echo", "-t", "demo", "--file", "\(host.directory)/messages.ndjson")
      #expect(sent.output == "\(Self.messages.count) accepted\n")
      let client = try host.client()
      try host.waitUntilIdle(client)
      let letters = try client.deadLetters()
      let kept = try #require(try host.count(client))
      #expect(!letters.isEmpty && kept > 0)
      #expect(Int(kept) + letters.count == Self.messages.count)
      #expect(try host.stop() == .status(0))

      try host.write(Self.manifest(disk: "64MiB"))
      try host.start()
      let replayed = try host.run("dlq", "replay", "--plugin", "message-indexer")
      #expect(replayed.end == .status(0), "\(replayed.errors)")
      let again = try host.client()
      try host.until("everything is kept") {
        try host.count(again).map(Int.init) == Self.messages.count ? () : nil
      }
    }
  }
}
