import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct DocumentWriteTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
  }

  private func stored(_ id: String = "a") async throws -> JSON? {
    try await storage.ask("get", ["foreign_id": .string(id)])["document"]
  }

  @Test func `a document is read back as it was put`() async throws {
    let document: JSON = [
      "foreign_id": "a", "revision": 5, "space": "general", "author": "ann", "thread": "t1", "created_at": 1_000,
      "text": "Hello 🦆", "body": ["n": 1.5, "list": [true, nil]],
    ]
    #expect(try await storage.put(document) == ["written": 1, "unchanged": 0, "stale": 0])
    #expect(try await stored() == document)
    #expect(try await stored("b") == .null)
    try await storage.host.stop()
  }

  @Test func `the same put again changes nothing`() async throws {
    let document: JSON = ["foreign_id": "a", "revision": 5, "text": "x", "created_at": 1, "body": ["k": 1]]
    _ = try await storage.put(document)
    #expect(try await storage.put(document, document) == ["written": 0, "unchanged": 2, "stale": 0])
    #expect(try await storage.ask("count", [:]) == ["count": 1])
    try await storage.host.stop()
  }

  @Test func `an edit that came first is not lost to the older write`() async throws {
    _ = try await storage.put(["foreign_id": "a", "revision": 9, "text": "edited", "created_at": 1])
    let answer = try await storage.put(["foreign_id": "a", "revision": 5, "text": "first", "created_at": 1])
    #expect(answer == ["written": 0, "unchanged": 0, "stale": 1])
    #expect(try await stored()?["text"] == "edited")
    #expect(try await storage.ids(["text": "first"]).isEmpty)
    try await storage.host.stop()
  }

  @Test func `what an edit does not say stays`() async throws {
    _ = try await storage.put([
      "foreign_id": "a", "revision": 1, "space": "s", "author": "ann", "created_at": 7, "text": "one",
      "body": ["author": "ann", "text": "one"],
    ])
    _ = try await storage.put([
      "foreign_id": "a", "revision": 2, "text": "two", "body": ["text": "two", "edited": true],
    ])
    #expect(
      try await stored() == [
        "foreign_id": "a", "revision": 2, "space": "s", "author": "ann", "created_at": 7, "text": "two",
        "body": ["author": "ann", "text": "two", "edited": true],
      ]
    )
    try await storage.host.stop()
  }

  @Test func `a write without a revision takes effect whenever it comes`() async throws {
    _ = try await storage.put(["foreign_id": "a", "revision": 9, "text": "nine"])
    #expect(try await storage.put(["foreign_id": "a", "text": "ten"])["written"] == 1)
    #expect(try await stored()?["revision"] == 9)
    _ = try await storage.ask("delete", ["foreign_ids": ["a"]])
    #expect(try await storage.put(["foreign_id": "a", "text": "again"])["written"] == 1)
    try await storage.host.stop()
  }

  @Test func `a document without a time has that of its request`() async throws {
    _ = try await storage.put(["foreign_id": "a"])
    #expect(try await stored()?["created_at"] == .int(FakeHost.epoch / 1_000_000))
    try await storage.host.stop()
  }

  @Test func `a deleted document is gone, text and all, and a late put does not bring it back`() async throws {
    _ = try await storage.put(["foreign_id": "a", "revision": 5, "text": "secret"])
    let deletion: JSON = ["foreign_ids": ["a", "b"], "revision": 7]
    #expect(try await storage.ask("delete", deletion) == ["deleted": 1, "missing": 1, "stale": 0])
    #expect(try await stored() == .null)
    #expect(try await storage.ids(["text": "secret"]).isEmpty)
    #expect(try await storage.ask("count", [:]) == ["count": 0])
    for id in ["a", "b"] {
      #expect(try await storage.put(["foreign_id": .string(id), "revision": 7, "text": "late"])["stale"] == 1)
    }
    #expect(try await storage.ask("delete", deletion) == ["deleted": 0, "missing": 2, "stale": 0])
    #expect(try await storage.put(["foreign_id": "a", "revision": 8, "text": "anew"])["written"] == 1)
    #expect(try await stored()?["text"] == "anew")
    try await storage.host.stop()
  }

  @Test func `a deletion that comes after a newer write is stale, one without a revision is for good`() async throws {
    _ = try await storage.put(["foreign_id": "a", "revision": 5])
    #expect(try await storage.ask("delete", ["foreign_ids": ["a"], "revision": 4])["stale"] == 1)
    #expect(try await storage.ask("delete", ["foreign_ids": ["a"]])["deleted"] == 1)
    #expect(try await storage.put(["foreign_id": "a", "revision": .int(.max)])["stale"] == 1)
    try await storage.host.stop()
  }

  @Test func `collections and tenants are apart`() async throws {
    let document: JSON = ["documents": [["foreign_id": "a", "text": "x"]]]
    try await storage.ask("put", document)
    #expect(try await storage.ask("count", [:], collection: "notes") == ["count": 0])
    #expect(try await storage.ask("count", [:], tenant: "other") == ["count": 0])
    #expect(try await storage.ask("put", document, collection: "notes")["written"] == 1)
    #expect(try await storage.ask("count", [:]) == ["count": 1])
    try await storage.host.stop()
  }

  @Test func `names that could be one file are two`() async throws {
    for (provider, tenant) in [("a", "b__c"), ("a__b", "c")] {
      var request = StorageFixture.request("put", ["documents": [["foreign_id": "x"]]])
      request.topic = "promethean.p.\(provider).t.\(tenant).storage.documents.put"
      #expect(try await storage.host.request(request)["written"] == 1)
    }
    try await storage.host.stop()
  }

  @Test func `puts that arrive together are one commit, and each is answered for its own`() async throws {
    let requests = (0..<20).map { index in
      StorageFixture.request(
        "put",
        ["documents": [["foreign_id": .string("\(index % 10)"), "revision": 1, "created_at": 1]]]
      )
    }
    var written: [JSON?] = []
    for delivery in await storage.host.deliver(requests) {
      guard case .response(let response) = await storage.host.outcome(of: delivery) else { continue }
      written.append(try JSON.parse(response.payload)["written"])
    }
    #expect(written == Array(repeating: 1, count: 10) + Array(repeating: 0, count: 10))
    let commits = storage.host.record.measured.filter { $0.name == "commits_total" }
    #expect(commits.count == 1)
    try await storage.host.stop()
  }

  @Test func `a batch that is full is written before its end`() async throws {
    let storage = try await StorageFixture(config: ["batch_max": 4])
    let requests = (0..<10).map { StorageFixture.request("put", ["documents": [["foreign_id": .string("\($0)")]]]) }
    for delivery in await storage.host.deliver(requests) { _ = await storage.host.outcome(of: delivery) }
    #expect(storage.host.record.measured.filter { $0.name == "commits_total" }.count == 3)
    #expect(try await storage.ask("count", [:]) == ["count": 10])
    try await storage.host.stop()
    try await self.storage.host.stop()
  }

  @Test func `an answered write survives a host that just goes away`() async throws {
    _ = try await storage.put(["foreign_id": "a", "text": "kept"])
    let other = try await StorageFixture.boot(storage.directory)
    #expect(try await other.request(StorageFixture.request("count", ["text": "kept"])) == ["count": 1])
    try await other.stop()
    await storage.host.destroy()
  }

  @Test func `a document that would outgrow an answer by what is stored is refused`() async throws {
    let half = JSON.string(String(repeating: "x", count: 40_000))
    _ = try await storage.put(["foreign_id": "a", "body": ["one": half]])
    let refusal = await storage.refusal(
      "put",
      ["documents": [["foreign_id": "b"], ["foreign_id": "a", "body": ["two": half]]]]
    )
    #expect(
      refusal == "documents[1]: with what is stored it is larger than 65024 bytes; the others are written"
    )
    #expect(try await stored("b") != .null)
    #expect(try await stored()?["body"]?["two"] == nil)
    try await storage.host.stop()
  }
}
