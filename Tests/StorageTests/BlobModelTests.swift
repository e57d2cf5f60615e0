import PluginKit
import TestSupport
import Testing

@testable import Storage

/// Blobs and their references as anybody would keep them: in dictionaries, all of them gone through each time.
struct BlobModel {
  /// How long what nothing refers to stays, and how much each step of the test's clock is.
  static let grace: Int64 = 60
  static let tick: Int64 = 25

  var now: Int64 = 0
  /// By content, the documents that refer to it, and since when none does.
  var blobs: [UInt8: (references: Set<String>, unusedSince: Int64)] = [:]
  var deleted: Set<String> = []

  /// The contents that are to be there.
  var contents: Set<UInt8> { Set(blobs.keys) }

  mutating func put(_ content: UInt8, for id: String) {
    var blob = blobs[content] ?? ([], now)
    blob.unusedSince = now
    if !deleted.contains(id) { blob.references.insert(id) }
    blobs[content] = blob
  }

  mutating func release(_ id: String, _ content: UInt8?) {
    for (key, blob) in blobs where blob.references.contains(id) && (content ?? key) == key {
      blobs[key] = (blob.references.subtracting([id]), now)
    }
  }

  mutating func pass() {
    now += Self.tick
    blobs = blobs.filter { !$0.value.references.isEmpty || now - $0.value.unusedSince < Self.grace }
  }
}

@Suite(.timeLimit(.minutes(Patience.minutes))) struct BlobModelTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `after whatever was done what is there is what should be, files and all`(seed: UInt64) async throws {
    let config: JSONObject = ["blobs_grace": "60s", "sync": "normal"]
    var storage = try await StorageFixture(config: config)
    var random = SeededRandom(seed: seed)
    var model = BlobModel()
    for step in 0..<150 {
      let content = UInt8.random(in: 0..<6, using: &random)
      let id = "\(Int.random(in: 0..<5, using: &random))"
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        try await storage.upload([content], for: id)
        model.put(content, for: id)
      case 4:
        let one: JSON = ["foreign_id": .string(id), "sha256": StorageFixture.sha256([content])]
        try await storage.ask("blobs.release", one)
        model.release(id, content)
      case 5:
        try await storage.ask("blobs.release", ["foreign_id": .string(id)])
        model.release(id, nil)
      case 6:
        try await storage.ask("delete", ["foreign_ids": [.string(id)]])
        model.release(id, nil)
        model.deleted.insert(id)
      case 7:
        _ = try await storage.put(["foreign_id": .string(id), "text": "\(step)"])
        model.deleted.remove(id)
      case 8:
        await storage.host.pass(.seconds(BlobModel.tick), step: .seconds(BlobModel.tick))
        model.pass()
      default:
        // It is gone without a word, and another takes its place, at the same time of day.
        let host = try await StorageFixture.boot(storage.directory, config)
        await storage.host.destroy()
        await host.advance(by: .seconds(model.now))
        storage = StorageFixture(storage.directory, host)
        // It compares its files with the database first.
        await host.settle(rounds: 2_000)
      }
      await storage.host.settle()
      for content in 0..<6 as Range<UInt8> {
        let expected = model.blobs[content].map { Int64($0.references.count) }
        #expect(try await storage.references(to: [content]) == expected, "seed \(seed), step \(step), \(content)")
      }
      let files = Set(model.contents.map { Hex.encode(SHA256.digest([$0])) })
      #expect(storage.blobFiles() == files, "seed \(seed), step \(step)")
    }
    try await storage.host.stop()
  }
}
