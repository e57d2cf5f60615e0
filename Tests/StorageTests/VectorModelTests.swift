import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorModelTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture(config: ["sync": "normal"])
  }

  private static func text(_ number: Int) -> String { "text \(number)" }

  private func put(documents numbers: Range<Int>) async throws {
    for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 200) {
      let documents = (start..<min(start + 200, numbers.upperBound)).map { number -> JSON in
        ["foreign_id": .string("\(number)"), "text": .string(Self.text(number))]
      }
      try await storage.ask("put", ["documents": .array(documents)])
    }
  }

  private func embed(_ numbers: Range<Int>, _ model: JSON, on host: FakeHost? = nil) async throws {
    for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 200) {
      let vectors = (start..<min(start + 200, numbers.upperBound)).map { number in
        Vectors.vector("\(number)", Self.text(number), [1, Float(number + 1), 2])
      }
      let request = StorageFixture.request("vectors.put", ["model": model, "vectors": .array(vectors)])
      _ = try await (host ?? storage.host).request(request)
    }
  }

  private func named(_ model: JSON) async throws -> String? {
    let answer = try await storage.ask("vectors.search", ["vector": Vectors.base64([1, 1, 1]), "model": model])
    return answer["model"]?["name"]?.stringValue
  }

  @Test func `another model gathers vectors beside, and takes over when no document lacks one`() async throws {
    try await put(documents: 0..<10)
    try await embed(0..<10, Vectors.model)
    try await embed(0..<9, Vectors.other)
    #expect(
      try await storage.ask("vectors.models", [:])["building"] == [["model": Vectors.other, "count": 9, "of": 10]]
    )
    #expect(try await storage.ask("vectors.models", [:])["current"] == Vectors.model)
    #expect(try await storage.ask("vectors.search", ["vector": Vectors.base64([1, 1, 1])])["model"] == Vectors.model)
    #expect(try await named(Vectors.other) == "second")
    #expect(try await named(Vectors.model) == "first")
    #expect(try await storage.missing(Vectors.other) == ["9"])

    try await embed(9..<10, Vectors.other)
    #expect(try await storage.ask("vectors.models", [:])["current"] == Vectors.other)
    #expect(try await storage.ask("vectors.models", [:])["building"] == [])
    #expect(try await storage.ask("vectors.search", ["vector": Vectors.base64([1, 1, 1])])["model"] == Vectors.other)
    #expect(
      await storage.refusal("vectors.search", ["vector": Vectors.base64([1, 1, 1]), "model": Vectors.model])
        == "model: expected second 1 (3 elements, c0ffee), the current one, found first 1 (3 elements, c0ffee)"
    )
    try await storage.host.stop()
  }

  @Test func `it also takes over when the last document that lacked a vector is deleted`() async throws {
    try await put(documents: 0..<3)
    try await embed(0..<3, Vectors.model)
    try await embed(0..<2, Vectors.other)
    try await storage.ask("delete", ["foreign_ids": ["2"]])
    #expect(try await storage.ask("vectors.models", [:])["current"] == Vectors.other)
    try await storage.host.stop()
  }

  @Test func `what the old model had is dropped in steps, and none of its vectors is taken any more`() async throws {
    let store = try DocumentStore(path: storage.directory.file("echo.old.sqlite"), synchronous: .normal)
    func put(_ model: JSON, _ count: Int) throws -> [DocumentChange.Outcome] {
      let vectors = (0..<count).map { Vectors.vector("\($0)", Self.text($0), [1, Float($0 + 1), 2]) }
      let puts = try VectorPut.list(["model": model, "vectors": .array(vectors)])
      return try store.apply(puts.map { ("messages", .putVector($0)) })
    }
    _ = try put(Vectors.model, 1_000)
    // No document is there yet, so that none lacks one.
    _ = try put(Vectors.other, 1)
    #expect(store.vectors.changes.hasChores)
    #expect(try put(Vectors.model, 1) == [.superseded(try VectorModel(Vectors.other, at: ""))])
    var steps = 0
    while let model = try store.vectors.chores().first {
      #expect(model.state == .dropped)
      _ = try store.vectors.doChore(model)
      steps += 1
    }
    #expect(steps >= 4)
    #expect(try store.vectors.models(of: "messages").map(\.model.name) == ["second"])
    #expect(try store.database.number("SELECT count(*) FROM vectors") == 1)
    try await storage.host.stop()
  }

  @Test func `a model that comes to many documents knows in the end what lacks a vector`() async throws {
    try await put(documents: 0..<5_000)
    try await embed(0..<100, Vectors.model)
    #expect(try await storage.missing(Vectors.model, ["order": "oldest", "limit": 2]) == ["100", "101"])
    let path = storage.directory.file("echo.demo.sqlite")
    while try Database(path: path).number("SELECT count(*) FROM unembedded") < 4_900 {
      _ = try await storage.ask("vectors.count", [:])
    }
    #expect(try await storage.missing(Vectors.model, ["order": "oldest", "limit": 2]) == ["100", "101"])
    try await storage.host.stop()
  }

  @Test(arguments: [0, 1, 3])
  func `what was left undone when the process ended goes on when the database is used again`(steps: Int) async throws {
    try await put(documents: 0..<3_000)
    try await embed(0..<1_000, Vectors.model)
    try await storage.host.stop()
    // A process that ends in the middle: a model that has replaced another, of which so much is dropped.
    do {
      let store = try DocumentStore(path: storage.directory.file("echo.demo.sqlite"), synchronous: .full)
      try store.database.execute("UPDATE models SET seen = 0, state = 0; DELETE FROM unembedded")
      try store.database.execute(
        """
        INSERT INTO models (collection, name, version, checksum, dimension, state, seen, seen_end, owner)
        VALUES ('messages', 'gone', '1', 'x', 3, 2, 0, 0, randomblob(16)), ('messages', 'now', '1', 'x', 3, 1, 0, 0, randomblob(16));
        INSERT INTO vectors (model, foreign_id, content, vector)
        SELECT (SELECT id FROM models WHERE name = 'gone'), foreign_id, content, vector FROM vectors;
        """
      )
      for _ in 0..<steps {
        for model in try store.vectors.chores() { _ = try store.vectors.doChore(model) }
      }
    }
    let host = try await StorageFixture.boot(storage.directory)
    let database = try Database(path: storage.directory.file("echo.demo.sqlite"))
    while try database.number("SELECT count(*) FROM models WHERE state = 2 OR seen < seen_end") > 0 {
      _ = try await host.request(StorageFixture.request("vectors.count", [:]))
    }
    #expect(try database.number("SELECT count(*) FROM vectors") == 1_000)
    #expect(try database.number("SELECT count(*) FROM unembedded") == 2_000)
    try await embed(1_000..<3_000, Vectors.model, on: host)
    let models = try await host.request(StorageFixture.request("vectors.models", [:]))
    #expect(models["current"] == Vectors.model)
    try await host.stop()
  }

  @Test func `of many models that gather vectors the oldest is given up`() async throws {
    try await put(documents: 0..<2)
    try await embed(0..<2, Vectors.model)
    for name in ["a", "b", "c", "d", "e"] { try await embed(0..<1, Vectors.model(name)) }
    let models = try await storage.ask("vectors.models", [:])
    #expect(models["building"]?.arrayValue?.compactMap { $0["model"]?["name"]?.stringValue } == ["b", "c", "d", "e"])
    #expect(models["current"] == Vectors.model)
    try await storage.host.stop()
  }
}
