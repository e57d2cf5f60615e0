import Foundation
import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

/// What is left of an author who is erased: nothing but digests of what is not to come back.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct EraseTests {
  private static let author = "author-5500001234567"
  private static let urn = "urn:echo:user:demo:\(author)"
  private static let secret = "purplecanary"

  private let storage: StorageFixture

  init() async throws { storage = try await StorageFixture() }

  private static func document(_ id: String, by author: String?, _ text: String, revision: JSON = 7) -> JSON {
    var object: JSONObject = [
      "foreign_id": .string(id), "space": "general", "text": .string(text), "created_at": 1_000,
      "body": ["text": .string(text), "author_urn": .string("urn:echo:user:demo:\(author ?? "nobody")")],
    ]
    object["revision"] = revision
    object["author"] = author.map { .string($0) }
    return .object(object)
  }

  /// Erases, step after step; how many documents, vectors, documents of others and blobs.
  private func erase(_ author: String = urn, _ more: JSONObject = [:]) async throws -> [Int64] {
    var request = more
    request["author"] = .string(author)
    var counts: [Int64] = [0, 0, 0, 0]
    let keys = ["erased", "vectors", "redacted", "blobs"]
    while true {
      let answer = try await storage.ask("erase", .object(request))
      for (index, key) in keys.enumerated() { counts[index] += answer[key]?.intValue ?? 0 }
      guard let next = answer["next"] else { return counts }
      request["cursor"] = next
      request["foreign_ids"] = nil
    }
  }

  /// The files in which some bytes are.
  private func files(with text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: storage.directory.path).filter { name in
      Data(try storage.directory.read(name)).range(of: Data(text.utf8)) != nil
    }
  }

  @Test func `no byte of an author's is left, and all of the others' is`() async throws {
    for number in 0..<300 {
      let isTheirs = number.isMultiple(of: 3)
      let text = isTheirs ? "\(Self.secret) \(number) and \(Self.secret)like" : "kept word\(number)"
      let document = Self.document("m\(number)", by: isTheirs ? Self.author : "other", text)
      _ = try await storage.put(document)
      if number.isMultiple(of: 30) {
        _ = try await storage.put(vectors: Vectors.vector("m\(number)", text, [1, 2, 3]))
      }
    }
    // Words that were in the index, and a document that grew and moved.
    let long = Self.secret + String(repeating: " lorem", count: 900)
    _ = try await storage.put(Self.document("m0", by: Self.author, long, revision: 8))
    #expect(try files(with: Self.secret) != [])
    #expect(try await erase() == [100, 9, 0, 0])
    for needle in [Self.secret, Self.author] { #expect(try files(with: needle) == []) }
    #expect(try await storage.ask("count", [:]) == ["count": 200])
    #expect(try await storage.ids(["text": "kept", "limit": 1_000]).count == 200)
    #expect(try await storage.ids(["text": "word299"]) == ["m299"])
    #expect(try files(with: "word299") != [])
    #expect(try await erase() == [0, 0, 0, 0])
    try await storage.host.stop()
  }

  @Test(arguments: [7, 99, nil] as [JSON])
  func `nothing brings it back`(revision: JSON) async throws {
    let document = Self.document("m1", by: Self.author, Self.secret, revision: revision)
    _ = try await storage.put(document)
    #expect(try await erase(Self.author)[0] == 1)
    #expect(try await storage.put(document) == Vectors.written(0, stale: 1))
    #expect(
      try await storage.put(vectors: Vectors.vector("m1", Self.secret, [1, 2, 3])) == Vectors.written(0, stale: 1)
    )
    #expect(
      try await storage.ask("delete", ["foreign_ids": ["m1"]]) == ["deleted": 0, "missing": 1, "stale": 0]
    )
    #expect(try await storage.put(document) == Vectors.written(0, stale: 1))
    #expect(try files(with: Self.secret) == [])
    try await storage.host.stop()
  }

  @Test func `what was never here does not come, and a vector without its document goes`() async throws {
    _ = try await storage.put(vectors: Vectors.vector("m9", Self.secret, [1, 2, 3]))
    #expect(try await erase(Self.urn, ["foreign_ids": ["m9", "m10"]]) == [0, 1, 0, 0])
    let late = [Self.document("m9", by: Self.author, "x"), Self.document("m10", by: nil, "x")]
    #expect(try await storage.ask("put", ["documents": .array(late)]) == Vectors.written(0, stale: 2))
    try await storage.host.stop()
  }

  @Test func `an edit that names nobody else is the author's, and of others' goes what quotes the author`() async throws
  {
    _ = try await storage.put(Self.document("m1", by: nil, "x"))
    _ = try await storage.put([
      "foreign_id": "m2", "revision": 1, "text": .string(Self.secret),
      "body": ["provider_payload": ["author": ["id": .string(Self.author)]]],
    ])
    _ = try await storage.put([
      "foreign_id": "m3", "revision": 1, "author": "other", "text": "an answer",
      "body": [
        "text": "an answer", "provider_payload": ["quoted": .string(Self.secret), "of": .string(Self.author)],
      ],
    ])
    #expect(try await erase() == [1, 0, 1, 0])
    #expect(try files(with: Self.secret) == [])
    let kept = try await storage.ask("get", ["foreign_id": "m3"])["document"]
    #expect(kept?["text"] == "an answer")
    #expect(kept?["body"] == ["text": "an answer", "provider_payload": nil])
    #expect(try await storage.ids().sorted() == ["m1", "m3"])
    try await storage.host.stop()
  }

  @Test func `the mark of a deleted document goes where its id names the author`() async throws {
    let id = "at://\(Self.author)/post/1"
    _ = try await storage.put(Self.document(id, by: Self.author, "x"))
    _ = try await storage.ask("delete", ["foreign_ids": [.string(id)]])
    #expect(try await erase()[0] == 1)
    #expect(try files(with: Self.author) == [])
    #expect(try await storage.put(Self.document(id, by: Self.author, "x")) == Vectors.written(0, stale: 1))
    try await storage.host.stop()
  }

  @Test func `blobs go at once that only the author's documents refer to, and none comes for what is erased`()
    async throws
  {
    for (id, author) in [("m1", Self.author), ("m2", "other")] {
      _ = try await storage.put(Self.document(id, by: author, "x"))
    }
    try await storage.upload([1, 2, 3], for: "m1")
    try await storage.upload([4, 5, 6], for: "m1")
    try await storage.upload([4, 5, 6], for: "m2")
    // It came before its document, which will not come.
    try await storage.upload([7, 8, 9], for: "m3")
    let answer = try await erase(Self.urn, ["foreign_ids": ["m3"]])
    #expect(answer == [1, 0, 0, 2])
    #expect(storage.blobFiles().count == 1)
    #expect(await storage.bytes(of: [1, 2, 3]) == nil)
    #expect(await storage.bytes(of: [4, 5, 6]) == [4, 5, 6])
    #expect(try await storage.references(to: [4, 5, 6]) == 1)
    #expect(try await storage.ask("get", ["foreign_id": "m1"]) == ["document": nil, "deleted": .int(.max)])

    #expect(try await storage.upload([1, 2, 3], for: "m1")["reference"] == "stale")
    #expect(try await storage.upload([4, 5, 6], for: "m1")["reference"] == "stale")
    #expect(try await erase()[3] == 0)
    try await storage.host.stop()
  }

  @Test(arguments: ["demo", "7", "mentions", "mentions.x", "file.off"])
  func `a cursor that nobody gave is refused`(cursor: String) async throws {
    let words = await storage.refusal("erase", ["author": "a", "cursor": .string(cursor)])
    #expect(words?.hasPrefix("cursor: expected what an answer gave as next") == true)
    try await storage.host.stop()
  }

  @Test
  func `a document that is another's stays whatever it is asked with, and what belongs to a message goes with it`()
    async throws
  {
    _ = try await storage.put(Self.document("m1", by: "other", "x"))
    _ = try await storage.put(["foreign_id": "m2:a", "revision": 1, "thread": "m2", "text": "a picture"])
    _ = try await storage.put(["foreign_id": "m2:b", "revision": 1, "thread": "m2", "author": "other", "text": "b"])
    #expect(try await erase(Self.urn, ["foreign_ids": ["m1", "m2"]]) == [1, 0, 0, 0])
    #expect(try await storage.ids().sorted() == ["m1", "m2:b"])
    #expect(try await storage.put(Self.document("m1", by: "other", "y", revision: 9)) == Vectors.written(1))
    try await storage.host.stop()
  }

  @Test(arguments: ["urn:echo:user:demo:echo", "urn:echo:user:demo:demo", "urn:echo:user:demo:anna"])
  func `who is called as a provider, a tenant or a part of a word takes nothing that is not theirs`(urn: String)
    async throws
  {
    _ = try await storage.put([
      "foreign_id": "m1", "revision": 1, "text": "annabel sings",
      "body": ["provider": "echo", "tenant": "demo", "t": "annabel"],
    ])
    #expect(try await erase(urn) == [0, 0, 0, 0])
    #expect(try await storage.ids() == ["m1"])
    try await storage.host.stop()
  }

  @Test func `other tenants and collections keep theirs`() async throws {
    let put: JSON = ["documents": [Self.document("m1", by: Self.author, "x")]]
    try await storage.ask("put", put)
    try await storage.ask("put", put, tenant: "other")
    try await storage.ask("put", put, collection: "notes")
    #expect(try await erase()[0] == 1)
    #expect(try await storage.ask("count", [:], tenant: "other") == ["count": 1])
    #expect(try await storage.ask("count", [:], collection: "notes") == ["count": 1])
    try await storage.host.stop()
  }

  @Test func `of a large file the unused pages are overwritten, whoever had left them`() throws {
    let directory = try TemporaryDirectory()
    let store = try DocumentStore(path: directory.file("x.sqlite"), synchronous: .normal)
    // As pages are left that nobody overwrites.
    try store.database.useSecureDelete(.fast)
    for number in 0..<400 {
      let text = JSON.string(String(repeating: "\(Self.secret) ", count: 100))
      let put = try DocumentPut(["foreign_id": .string("m\(number)"), "text": text, "revision": 1], at: "", now: 5)
      _ = try store.apply([("messages", .put(put))])
    }
    try store.database.execute("DELETE FROM documents")
    try store.database.checkpoint()
    let free = try store.database.number("PRAGMA freelist_count")
    #expect(free > 100)
    try store.database.useSecureDelete(.on)
    var stage: DocumentErasure.Stage? = .index
    while let next = stage {
      let erasure = DocumentErasure(names: [Self.author], stage: next)
      stage = try store.erase(erasure, "messages", rewrittenMax: 0).next
    }
    let found = Data(try directory.read("x.sqlite")).ranges(of: Data(Self.secret.utf8)).count
    #expect(found == 0)
    #expect(try store.database.number("PRAGMA freelist_count") >= free)
  }
}
