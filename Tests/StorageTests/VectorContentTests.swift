import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

/// Vectors of what is not a document's text.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorContentTests {
  private static let one = String(repeating: "1", count: 64)
  private static let two = String(repeating: "2", count: 64)
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
  }

  private func vector(_ id: String, _ content: String, _ vector: JSON = Vectors.base64([1, 0, 0])) -> JSON {
    ["foreign_id": .string(id), "content": .string(content), "vector": vector]
  }

  private func models() async throws -> (current: JSON?, building: JSON?) {
    let answer = try await storage.ask("vectors.models", [:])
    return (answer["current"]?["name"], answer["building"])
  }

  @Test func `a document says what its vectors are made of, and what says that it has none lacks none`() async throws {
    _ = try await storage.put(
      ["foreign_id": "picture", "content": .string(Self.one), "created_at": 3],
      ["foreign_id": "words", "text": "hello", "created_at": 2],
      ["foreign_id": "nothing", "text": "never read", "content": nil, "created_at": 1]
    )
    let answer = try await storage.ask("vectors.missing", ["model": Vectors.model])
    #expect(
      answer["documents"] == [
        ["foreign_id": "picture", "content": .string(Self.one)],
        ["foreign_id": "words", "text": "hello", "content": Vectors.content("hello")],
      ]
    )
    let documents = try await storage.ask("query", ["order": "oldest"])["documents"]?.arrayValue ?? []
    #expect(documents.map { $0["content"] } == [.null, nil, .string(Self.one)])
    // A vector of another content, or of the text, is none of theirs.
    #expect(try await storage.put(vectors: vector("picture", Self.two)) == Vectors.written(0, stale: 1))
    let ofText = Vectors.vector("nothing", "never read", [1, 0, 0])
    #expect(try await storage.put(vectors: ofText) == Vectors.written(0, stale: 1))
    #expect(try await storage.put(vectors: vector("picture", Self.one)) == Vectors.written(1))
    #expect(try await storage.missing() == ["words"])
    #expect(try await storage.near([1, 0, 0]) == ["picture"])
    try await storage.host.stop()
  }

  @Test func `what it says stays until it says something else, and its vector goes with that`() async throws {
    _ = try await storage.put(["foreign_id": "a", "revision": 5, "content": .string(Self.one)])
    _ = try await storage.put(vectors: vector("a", Self.one))
    _ = try await storage.put(["foreign_id": "a", "revision": 6, "text": "a caption"])
    #expect(try await storage.near([1, 0, 0]) == ["a"])
    // An older one has no say.
    _ = try await storage.put(["foreign_id": "a", "revision": 4, "content": .string(Self.two)])
    #expect(try await storage.near([1, 0, 0]) == ["a"])
    _ = try await storage.put(["foreign_id": "a", "revision": 7, "content": .string(Self.two)])
    #expect(try await storage.near([1, 0, 0]).isEmpty)
    #expect(try await storage.missing() == ["a"])
    _ = try await storage.put(["foreign_id": "a", "revision": 8, "content": nil])
    #expect(try await storage.missing().isEmpty)
    try await storage.host.stop()
  }

  @Test func `what a model makes no vector of is not missing, is not found, and holds no model up`() async throws {
    _ = try await storage.put(
      ["foreign_id": "good", "content": .string(Self.one)],
      ["foreign_id": "bad", "content": .string(Self.two)]
    )
    let written = try await storage.put(vectors: vector("good", Self.one), vector("bad", Self.two, nil))
    #expect(written == Vectors.written(2))
    #expect(try await storage.missing().isEmpty)
    #expect(try await storage.near([1, 0, 0]) == ["good"])
    #expect(try await storage.near([1, 0, 0], ["since": 0]) == ["good"])
    #expect(try await storage.ask("vectors.count", [:]) == ["count": 1])
    // It stays so when the document comes again, and when the index is read anew.
    #expect(try await storage.put(vectors: vector("bad", Self.two, nil)) == Vectors.written(0, unchanged: 1))
    // Another model is asked for it, and takes over though it makes none of it either.
    #expect(Set(try await storage.missing(Vectors.other)) == ["good", "bad"])
    _ = try await storage.put(vectors: vector("bad", Self.two, nil), model: Vectors.other)
    #expect(try await models().current == "first")
    #expect(try await models().building == [["model": Vectors.other, "count": 0, "of": 1]])
    _ = try await storage.put(vectors: vector("good", Self.one, Vectors.base64([0, 1, 0])), model: Vectors.other)
    #expect(try await models().current == "second")
    // With another content it is made again.
    _ = try await storage.put(["foreign_id": "bad", "content": .string(Self.one)])
    #expect(try await storage.missing(Vectors.other) == ["bad"])
    try await storage.host.stop()
    let again = StorageFixture(storage.directory, try await StorageFixture.boot(storage.directory))
    #expect(try await again.near([0, 1, 0]) == ["good"])
    try await again.host.stop()
  }

  @Test func `what is near a document is found by its id`() async throws {
    _ = try await storage.put(
      vectors: vector("a", Self.one, Vectors.base64([1, 0, 0])),
      vector("b", Self.one, Vectors.base64([1, 1, 0])),
      vector("c", Self.one, Vectors.base64([0, 0, 1])),
      vector("none", Self.one, nil)
    )
    for id in ["a", "b", "c", "none"] {
      _ = try await storage.put(["foreign_id": .string(id), "content": .string(Self.one)])
    }
    let answer = try await storage.ask("vectors.search", ["like": "a", "limit": 2])
    #expect(answer["matches"]?.arrayValue?.compactMap { $0["foreign_id"] } == ["a", "b"])
    for id in ["none", "unknown"] {
      let words = await storage.refusal("vectors.search", ["like": .string(id)])
      let expected = "like: expected a document with a vector of first 1 (3 elements, c0ffee), found string"
      #expect(words == "\(expected) \"\(id)\"")
    }
    try await storage.host.stop()
  }

  @Test(
    arguments: [
      (
        "put", ["documents": [["foreign_id": "a", "content": "abc"]]],
        "documents[0].content: expected a SHA-256 in 64"
      ),
      ("put", ["documents": [["foreign_id": "a", "content": 1]]], "documents[0].content: expected string, found"),
      ("vectors.search", ["like": "a", "vector": "AAAA"], "like: expected nothing beside vector"),
      ("vectors.search", ["like": ""], "like: expected 1 to 1024 bytes, found 0"),
      (
        "vectors.put",
        ["model": Vectors.model, "vectors": [["foreign_id": "a", "content": Vectors.content("a")]]],
        "vectors[0].vector: expected little-endian floats in base64, found nothing"
      ),
    ] as [(String, JSON, String)]
  )
  func `what cannot be is refused in words that say why`(operation: String, payload: JSON, words: String) async throws {
    let found = await storage.refusal(operation, payload)
    #expect(found?.hasPrefix(words) == true, "\(found ?? "")")
    try await storage.host.stop()
  }

  @Test func `attachments that were stored before say it from now on`() async throws {
    let path = storage.directory.file("old.sqlite")
    do {
      let database = try Database(path: path)
      try database.migrate(application: DocumentSchema.application, steps: Array(DocumentSchema.steps.prefix(5)))
      func add(_ collection: String, _ id: String, _ body: JSON, _ text: String? = nil) throws {
        try database.prepare(
          """
          INSERT INTO documents (collection, foreign_id, revision, deleted, created_at, text, body)
          VALUES (?, ?, 1, 0, 1, ?, ?)
          """
        ).run(collection, id, text, body.text)
      }
      let sha256 = JSON.string(Self.one)
      try add("attachments", "picture", ["state": "stored", "type": "image/jpeg", "sha256": sha256])
      try add("attachments", "gone", ["state": "gone", "type": "image/jpeg", "sha256": sha256])
      try add("attachments", "words", ["state": "stored", "type": "text/plain", "sha256": sha256], "hello")
      try add("messages", "message", ["state": "stored", "type": "image/jpeg", "sha256": sha256], "hello")
    }
    let store = try DocumentStore(path: path, synchronous: .full)
    func missing(_ collection: String) throws -> [JSON] {
      try store.vectors.missing(collection, VectorGap(["model": Vectors.model])).documents
    }
    #expect(try missing("attachments") == [["foreign_id": "picture", "content": .string(Self.one)]])
    #expect(try missing("messages").map { $0["foreign_id"] } == ["message"])
    #expect(try store.document("attachments", "gone")?.content == .nothing)
    try await storage.host.stop()
  }
}
