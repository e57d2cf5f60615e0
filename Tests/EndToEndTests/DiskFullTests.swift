import Envelope
import Foundation
import Glibc
import Host
import PluginKit
import Testing

extension EndToEnd {
  /// A disk without room: publishers hear of it, the host stays, and goes on when there is room again.
  @Suite(.enabled(if: geteuid() == 0, "only root can make a disk that is small"))
  struct DiskFullTests {
    /// Puts a small disk where the host keeps its own, which only the host sees and which goes with it.
    ///
    /// `$2` is the deployment. There is room for the library of a debug build, and some more.
    private static let onSmallDisk = [
      "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
      """
      mkdir "$2/var" && mount -t tmpfs -o size=16m,mode=755 small "$2/var" && exec "$0" "$@"
      """,
    ]

    /// Writes to a file on the host's disk until there is no room.
    private func fill(_ path: String) throws {
      let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      try #require(file >= 0)
      defer { close(file) }
      for size in [1 << 20, 4096, 1] {
        let chunk = [UInt8](repeating: 0, count: size)
        while unsafe write(file, chunk, size) > 0 {}
      }
      #expect(errno == ENOSPC)
    }

    @Test func `on a full disk a blob is refused, nothing of it stays, and afterwards it is taken`() throws {
      let manifest = """
        version: 1
        host: { http: { enabled: false } }
        tenants: [{ provider: echo, tenant: demo }]
        plugins:
          storage:
            library: Storage
            trust: \(TestHost.trust)
            tenants: ["*/*"]
            grants: { fs.write: [data], clock: {}, log: {}, metrics: {} }
        """
      let host = try TestHost(manifest, wrapper: Self.onSmallDisk, isMountedApart: true)
      try host.start()
      let client = try host.client()
      func ask(_ operation: String, _ payload: JSON) throws -> JSON? {
        let topic = "promethean.p.echo.t.demo.storage.blobs.\(operation)"
        return try client.request(topic, payload, resource: "attachments")["data"]
      }
      let piece = [UInt8](repeating: 7, count: 30_000)
      let digest = JSON.string(Hex.encode(SHA256.digest(piece)))
      /// Where the next piece of an upload begins.
      func append(_ upload: JSON, _ offset: JSON) throws -> JSON? {
        let data = Data(piece).base64EncodedString()
        return try ask("append", ["upload": upload, "offset": offset, "data": .string(data)])?["offset"]
      }
      let large = try #require(try ask("begin", ["sha256": digest, "size": 6_000_000])?["upload"])
      var offset = try #require(try append(large, 0))
      let filler = "\(host.view)/var/filler"
      try fill(filler)
      var failure: AdminClientError?
      while failure == nil, offset != 6_000_000 {
        do {
          offset = try append(large, offset) ?? 6_000_000
        } catch let error as AdminClientError {
          failure = error
        }
      }
      let refusal = try #require(failure, "the disk was not full")
      #expect("\(refusal)".contains("the upload cannot go on: no room to write: the disk is full"), "\(refusal)")
      let incoming = "\(host.view)/var/data/storage/data/echo.demo.blobs/incoming"
      #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).isEmpty)
      #expect(try client.instance("storage")["state"]?.stringValue == "RUNNING")

      #expect(unsafe unlink(filler) == 0)
      let small = try #require(try ask("begin", ["sha256": digest, "size": 30_000])?["upload"])
      #expect(try append(small, 0) == 30_000)
      #expect(try ask("commit", ["upload": small]) == ["sha256": digest, "size": 30_000])
      #expect(try ask("stat", [:])?["bytes"] == 30_000)
      #expect(try host.stop() == .status(0))
    }

    @Test func `on a full disk publishers get an error, and afterwards all goes on`() throws {
      let host = try TestHost(
        TestHost.consumers(["worker": []]),
        wrapper: Self.onSmallDisk,
        isMountedApart: true
      )
      try host.compileConsumer("worker")
      try host.start()
      let client = try host.client()
      var recorded: Int64 = 0
      for number in 1...10 where try client.publish(number) != nil { recorded += 1 }
      #expect(recorded == 10)

      let filler = "\(host.view)/var/filler"
      try fill(filler)
      // What the journal has room for in its own files is still taken.
      var failure: AdminClientError?
      var number = 10
      while failure == nil, number < 5000 {
        number += 1
        do throws(any Error) {
          try client.publish(number)
          recorded += 1
        } catch let error as AdminClientError {
          failure = error
        }
      }
      let refusal = try #require(failure, "the disk was not full")
      #expect("\(refusal)".hasPrefix("failed: journal"), "\(refusal)")
      let full = try client.call("status")
      #expect(full["degraded"]?.arrayValue?.contains { $0.stringValue?.hasPrefix("journal") == true } == true)
      #expect(try client.instance("worker")["state"]?.stringValue == "RUNNING")

      #expect(unsafe unlink(filler) == 0)
      try host.until("the journal takes envelopes again") { (try? client.publish(number + 1)).map { _ in () } }
      recorded += 1
      try host.waitUntilIdle(client, "worker")
      #expect(try client.report("worker")["seen"] == .int(recorded))
      #expect(try client.call("status")["degraded"] == [])
      #expect(try host.stop() == .status(0))
    }
  }
}
