import Foundation
import Glibc
import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct BlobTests {
  let storage: StorageFixture
  /// More than two pieces.
  let large = WebServer.noise(70_000)

  init() async throws {
    storage = try await StorageFixture(config: ["blobs_quota": "1MiB", "blobs_grace": "60s"])
  }

  private func name(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.digest(bytes)) }

  @Test func `a blob that came in pieces is read in ranges`() async throws {
    let answer = try await storage.upload(large, for: "a")
    #expect(answer == ["sha256": StorageFixture.sha256(large), "size": 70_000, "reference": "written"])
    var read: [UInt8] = []
    while let piece = await storage.bytes(of: large, at: read.count), !piece.isEmpty { read += piece }
    #expect(read == large)
    #expect(await storage.bytes(of: large, at: 69_990, count: 100) == Array(large[69_990...]))
    #expect(await storage.bytes(of: large, at: 70_000) == [])
    #expect(await storage.bytes(of: large, at: Int.max) == [])
    #expect(storage.blobFiles() == [name(large)])
    #expect(try await storage.ask("blobs.stat", [:]) == ["bytes": 70_000, "count": 1, "quota": 1_048_576])
    try await storage.host.stop()
  }

  @Test func `what is there already does not come again, and an empty one is one`() async throws {
    try await storage.upload([7], for: "a")
    #expect(try await storage.upload([7], for: "b") == ["stored": true, "reference": "written"])
    #expect(try await storage.upload([7], for: "b") == ["stored": true, "reference": "unchanged"])
    #expect(try await storage.upload([7]) == ["stored": true])
    #expect(try await storage.references(to: [7]) == 2)
    try await storage.upload([])
    #expect(await storage.bytes(of: []) == [])
    #expect(try await storage.ask("blobs.stat", [:])["count"] == 2)
    try await storage.host.stop()
  }

  @Test func `the same content of two tenants is two blobs, of two collections one that neither sees of the other`()
    async throws
  {
    try await storage.upload(large, for: "a")
    for (tenant, collection) in [("other", "messages"), ("demo", "files")] {
      #expect(await storage.bytes(of: large, tenant: tenant, collection: collection) == nil)
      let stat: JSON = ["sha256": StorageFixture.sha256(large)]
      #expect(try await storage.ask("blobs.stat", stat, tenant: tenant, collection: collection) == ["blob": nil])
      // It has to come again, as if nobody had it.
      let announced: JSON = ["sha256": StorageFixture.sha256(large), "size": 70_000]
      let begun = try await storage.ask("blobs.begin", announced, tenant: tenant, collection: collection)
      #expect(begun["stored"] == false)
      try await storage.upload(large, for: "a", tenant: tenant, collection: collection)
      #expect(await storage.bytes(of: large, count: 9, tenant: tenant, collection: collection)?.count == 9)
    }
    #expect(storage.blobFiles(tenant: "other") == ["incoming", name(large)])
    #expect(try await storage.ask("blobs.stat", [:])["bytes"] == 70_000)
    let refusal = await storage.refusal("blobs.reference", ["foreign_id": "a", "sha256": .string(name([1]))])
    #expect(refusal == "blob \(name([1])): messages of echo/demo has none of this digest")
    // What the one collection gives up the other keeps.
    try await storage.ask("delete", ["foreign_ids": ["a"]])
    await storage.host.pass(.seconds(61), step: .seconds(61))
    #expect(await storage.bytes(of: large) == nil)
    #expect(await storage.bytes(of: large, count: 9, collection: "files")?.count == 9)
    try await storage.host.stop()
  }

  @Test func `what is more than the quota is refused, with what is coming`() async throws {
    let half: JSON = ["sha256": .string(name(large)), "size": .int(600_000)]
    #expect(try await storage.ask("blobs.begin", half)["stored"] == false)
    #expect(
      await storage.refusal("blobs.begin", half)
        == "size: expected room for 600000 bytes in blobs_quota 1048576, found 0 bytes stored and 600000 coming"
    )
    #expect(try await storage.ask("blobs.begin", half, tenant: "other")["stored"] == false)
    // What is abandoned gives its room back, and its file.
    await storage.host.pass(BlobUploads.idleMax, step: BlobUploads.idleMax)
    #expect(storage.blobFiles().isEmpty)
    #expect(try await storage.ask("blobs.begin", half)["stored"] == false)
    try await storage.host.stop()
    #expect(storage.blobFiles().isEmpty)
  }

  @Test func `with a document its references go, and what nothing refers to goes after a while`() async throws {
    for id in ["a", "b"] { _ = try await storage.put(["foreign_id": .string(id), "revision": 1]) }
    try await storage.upload(large, for: "a")
    try await storage.upload(large, for: "b")
    #expect(try await storage.ask("delete", ["foreign_ids": ["a"], "revision": 2])["deleted"] == 1)
    await storage.host.pass(.seconds(61), step: .seconds(61))
    #expect(try await storage.references(to: large) == 1)
    // A deletion that is stale takes nothing.
    #expect(try await storage.ask("delete", ["foreign_ids": ["b"], "revision": 0])["stale"] == 1)
    #expect(try await storage.references(to: large) == 1)
    #expect(try await storage.ask("blobs.release", ["foreign_id": "b"]) == ["released": 1])
    #expect(try await storage.ask("blobs.release", ["foreign_id": "b"]) == ["released": 0])
    await storage.host.pass(.seconds(59), step: .seconds(59))
    #expect(try await storage.references(to: large) == 0)
    // Whoever announces it again has it for another while.
    #expect(try await storage.upload(large) == ["stored": true])
    await storage.host.pass(.seconds(59), step: .seconds(59))
    #expect(try await storage.references(to: large) == 0)
    await storage.host.pass(.seconds(2), step: .seconds(2))
    #expect(try await storage.references(to: large) == nil)
    #expect(storage.blobFiles().isEmpty)
    #expect(try await storage.ask("blobs.stat", [:])["bytes"] == 0)
    try await storage.host.stop()
  }

  @Test func `nothing refers to a blob from a document that was deleted`() async throws {
    try await storage.upload([1])
    try await storage.ask("delete", ["foreign_ids": ["a"], "revision": 5])
    #expect(try await storage.upload([1], for: "a")["reference"] == "stale")
    #expect(try await storage.upload([2], for: "a")["reference"] == "stale")
    let late: JSON = ["foreign_id": "a", "sha256": StorageFixture.sha256([1])]
    #expect(try await storage.ask("blobs.reference", late) == ["reference": "stale"])
    #expect(try await storage.ask("get", ["foreign_id": "a"]) == ["document": nil, "deleted": 5])
    // But from one that comes anew: it may come after its blob.
    for (revision, outcome) in [(5, "stale"), (6, "written"), (6, "unchanged")] as [(JSON, JSON)] {
      let anew: JSON = ["foreign_id": "a", "sha256": StorageFixture.sha256([2]), "revision": revision]
      #expect(try await storage.ask("blobs.reference", anew) == ["reference": outcome])
    }
    _ = try await storage.put(["foreign_id": "a", "revision": 6])
    #expect(try await storage.ask("blobs.reference", late) == ["reference": "written"])
    try await storage.host.stop()
  }

  @Test func `a process that went away leaves nothing behind, and what it has answered stays`() async throws {
    try await storage.upload(large, for: "a")
    let begun = try await storage.ask("blobs.begin", ["sha256": .string(name([1, 2])), "size": 2])
    try await storage.append([1], to: try #require(begun["upload"]))
    // As it is between the name that a file gets and the end of the transaction.
    let orphan = "echo.demo.blobs/\(name([9]).prefix(2))"
    try FileManager.default.createDirectory(atPath: storage.directory.file(orphan), withIntermediateDirectories: true)
    try storage.directory.write("\(orphan)/\(name([9]))", [9])
    #expect(storage.blobFiles() == [name(large), "incoming", name([9])])
    let other = try await StorageFixture.boot(storage.directory)
    await other.settle(rounds: 2_000)
    #expect(storage.blobFiles() == [name(large)])
    let stat = StorageFixture.request("blobs.stat", ["sha256": .string(name(large))])
    #expect(try await other.request(stat)["blob"]?["references"] == 1)
    try await other.stop()
    await storage.host.destroy()
  }

  @Test func `a file that is gone or cut is said to be, and put again`() async throws {
    try await storage.upload(large, for: "a")
    let path = "echo.demo.blobs/\(name(large).prefix(2))/\(name(large))"
    try storage.directory.write(path, Array(large.prefix(50_000)))
    #expect(await storage.bytes(of: large)?.count == StorageFixture.pieceMax)
    let tail: JSON = ["sha256": .string(name(large)), "offset": 40_000]
    let words = "blob \(name(large)): its file is gone or not whole; put it again"
    #expect(await storage.refusal("blobs.get", tail) == words)
    #expect(unsafe unlink(storage.directory.file(path)) == 0)
    #expect(await storage.refusal("blobs.get", tail) == words)
    #expect(try await storage.upload(large, for: "a")["reference"] == "unchanged")
    #expect(await storage.bytes(of: large, at: 40_000) == Array(large[40_000...]))
    try await storage.host.stop()
  }
}
