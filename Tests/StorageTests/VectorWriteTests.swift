import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorWriteTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
    _ = try await storage.put(
      ["foreign_id": "a", "text": "one", "revision": 1],
      ["foreign_id": "b", "text": "two", "revision": 1]
    )
  }

  @Test func `vectors are written, found by nearness, and unchanged when they come again`() async throws {
    let vectors = [Vectors.vector("a", "one", [1, 0, 0]), Vectors.vector("b", "two", [0, 2, 0])]
    #expect(try await storage.put(vectors: vectors[0], vectors[1]) == Vectors.written(2))
    #expect(try await storage.put(vectors: vectors[0], vectors[1]) == Vectors.written(0, unchanged: 2))
    let answer = try await storage.ask("vectors.search", ["vector": Vectors.base64([0, 5, 0]), "limit": 2])
    #expect(
      answer == [
        "model": Vectors.model, "exact": true,
        "matches": [["foreign_id": "b", "score": 1.0], ["foreign_id": "a", "score": 0.0]],
      ]
    )
    #expect(try await storage.ask("vectors.count", [:]) == ["count": 2])
    try await storage.host.stop()
  }

  @Test func `a vector of the same text takes the place of the one before`() async throws {
    _ = try await storage.put(
      vectors: Vectors.vector("a", "one", [1, 0, 0]),
      Vectors.vector("b", "two", [0.8, 0.6, 0])
    )
    #expect(try await storage.near([1, 0, 0]) == ["a", "b"])
    #expect(try await storage.put(vectors: Vectors.vector("a", "one", [0, 0, 1])) == Vectors.written(1))
    #expect(try await storage.near([1, 0, 0]) == ["b", "a"])
    #expect(try await storage.ask("vectors.count", [:]) == ["count": 2])
    try await storage.host.stop()
  }

  @Test func `a vector of another text than the document's is stale`() async throws {
    #expect(try await storage.put(vectors: Vectors.vector("a", "another", [1, 0, 0])) == Vectors.written(0, stale: 1))
    #expect(try await storage.ask("vectors.models", [:]) == ["current": nil, "building": []])
    #expect(try await storage.near([1, 0, 0]) == [])
    try await storage.host.stop()
  }

  @Test func `a document whose text changes is not found by the old text's vector, and lacks one`() async throws {
    _ = try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0]), Vectors.vector("b", "two", [0, 1, 0]))
    #expect(try await storage.missing() == [])
    _ = try await storage.put(["foreign_id": "a", "text": "eins", "revision": 2])
    #expect(try await storage.near([1, 0, 0]) == ["b"])
    #expect(try await storage.missing() == ["a"])
    #expect(try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0])) == Vectors.written(0, stale: 1))
    #expect(try await storage.put(vectors: Vectors.vector("a", "eins", [1, 0, 0])) == Vectors.written(1))
    #expect(try await storage.missing() == [])
    // What does not touch the text touches no vector.
    _ = try await storage.put(["foreign_id": "a", "author": "ann", "revision": 3])
    #expect(try await storage.near([1, 0, 0]) == ["a", "b"])
    try await storage.host.stop()
  }

  @Test func `a vector may come before its document, and is found when that is there`() async throws {
    let vectors = [Vectors.vector("later", "three", [0, 0, 1]), Vectors.vector("wrong", "old", [0, 0, 1])]
    #expect(try await storage.put(vectors: vectors[0], vectors[1]) == Vectors.written(2))
    #expect(try await storage.near([0, 0, 1]) == [])
    _ = try await storage.put(["foreign_id": "later", "author": "ann"], ["foreign_id": "wrong", "text": "new"])
    #expect(try await storage.near([0, 0, 1]) == ["later"])
    #expect(Set(try await storage.missing()) == ["a", "b", "wrong"])
    _ = try await storage.put(["foreign_id": "later", "text": "three"])
    #expect(try await storage.near([0, 0, 1]) == ["later"])
    #expect(Set(try await storage.missing()) == ["a", "b", "wrong"])
    try await storage.host.stop()
  }

  @Test func `with a document go its vectors of all models, and none comes back`() async throws {
    _ = try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0]))
    _ = try await storage.put(vectors: Vectors.vector("a", "one", [0, 1, 0]), model: Vectors.other)
    try await storage.ask("delete", ["foreign_ids": ["a"]])
    #expect(try await storage.near([1, 0, 0]) == [])
    for model in [Vectors.model, Vectors.other] {
      #expect(try await storage.ask("vectors.count", ["model": model]) == ["count": 0])
      #expect(try await storage.missing(model) == ["b"])
      #expect(
        try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0]), model: model)
          == Vectors.written(0, stale: 1)
      )
    }
    try await storage.host.stop()
  }

  @Test func `vectors can be deleted while their documents stay`() async throws {
    _ = try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0]), Vectors.vector("b", "two", [0, 1, 0]))
    #expect(
      try await storage.ask("vectors.delete", ["foreign_ids": ["a", "nobody"]]) == ["deleted": 1, "missing": 1]
    )
    #expect(try await storage.near([1, 0, 0]) == ["b"])
    #expect(try await storage.missing() == ["a"])
    #expect(try await storage.ask("get", ["foreign_id": "a"])["document"]?["text"] == "one")
    try await storage.host.stop()
  }

  @Test func `tenants and collections have vectors of their own, whatever the ids`() async throws {
    _ = try await storage.ask("put", ["documents": [["foreign_id": "a", "text": "one"]]], tenant: "other")
    _ = try await storage.ask("put", ["documents": [["foreign_id": "a", "text": "one"]]], collection: "attachments")
    _ = try await storage.put(vectors: Vectors.vector("a", "one", [1, 0, 0]))
    #expect(try await storage.near([1, 0, 0], tenant: "other") == [])
    #expect(try await storage.near([1, 0, 0], collection: "attachments") == [])
    let (other, four) = (Vectors.model("four", dimension: 4), Vectors.vector("a", "one", [0, 0, 0, 1]))
    #expect(try await storage.put(vectors: four, model: other, tenant: "other") == Vectors.written(1))
    #expect(try await storage.near([0, 0, 0, 1], tenant: "other") == ["a"])
    try await storage.ask("delete", ["foreign_ids": ["a"]], tenant: "other")
    #expect(try await storage.near([1, 0, 0]) == ["a"])
    #expect(try await storage.near([0, 0, 0, 1], tenant: "other") == [])
    try await storage.host.stop()
  }

  @Test func `what fails in a transaction changes no vector`() async throws {
    let store = try DocumentStore(path: storage.directory.file("echo.full.sqlite"), synchronous: .full)
    try store.database.execute("PRAGMA max_page_count = 60")
    let model = try VectorModel(Vectors.model("big", dimension: 4_096), at: "")
    let puts = try (0..<100).map { number in
      let vector = Vectors.vector("\(number)", "t", [Float](repeating: Float(number + 1), count: 4_096))
      return try VectorPut.list(["model": model.json, "vectors": [vector]])[0]
    }
    #expect(throws: DocumentStore.Failure.self) { try store.apply(puts.map { ("messages", .putVector($0)) }) }
    #expect(try store.vectors.models(of: "messages").isEmpty)
    #expect(try store.apply([("messages", .putVector(puts[0]))]) == [.written])
    try await storage.host.stop()
  }
}
