import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct DocumentOrderTests {
  private static let created: JSON = [
    "foreign_id": "m", "revision": 10, "space": "lobby", "author": "ann", "thread": "t", "created_at": 10,
    "text": "first", "body": ["text": "first", "author_urn": "ann", "provider_payload": ["id": 7]],
  ]

  /// Edits as providers tell them: some say all, some next to nothing.
  private static let updates: [JSON] = [
    ["foreign_id": "m", "revision": 20],
    ["foreign_id": "m", "revision": 20, "text": "second", "body": ["text": "second"]],
    ["foreign_id": "m", "revision": 20, "author": "bob", "created_at": 15, "body": ["provider_payload": nil]],
    [
      "foreign_id": "m", "revision": 20, "space": "hall", "author": "ann", "thread": "u", "created_at": 10,
      "text": "second", "body": ["text": "second", "edited_at": 20],
    ],
  ]

  /// All orders of some elements.
  private func orders<Element>(_ elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index in
      var rest = elements
      let first = rest.remove(at: index)
      return orders(rest).map { [first] + $0 }
    }
  }

  /// The document that each order of some writes makes; a deletion is a revision alone.
  private func outcomes(_ writes: [JSON]) async throws -> Set<JSON> {
    let storage = try await StorageFixture()
    var outcomes: Set<JSON> = []
    for (index, order) in orders(writes).enumerated() {
      let collection = "order_\(index)"
      for write in order {
        if let revision = write.intValue {
          let deletion: JSON = ["foreign_ids": ["m"], "revision": .int(revision)]
          try await storage.ask("delete", deletion, collection: collection)
        } else {
          try await storage.ask("put", ["documents": [write]], collection: collection)
        }
      }
      let answer = try await storage.ask("get", ["foreign_id": "m"], collection: collection)
      outcomes.insert(answer["document"] ?? .null)
    }
    try await storage.host.stop()
    return outcomes
  }

  @Test(arguments: updates)
  func `a message and its edit make the same document, whichever comes first`(update: JSON) async throws {
    let outcomes = try await outcomes([Self.created, update])
    #expect(outcomes.count == 1)
    let document = try #require(outcomes.first)
    #expect(document["revision"] == 20)
    #expect(document["created_at"] == 10)
    #expect(document["author"] == update["author"] ?? "ann")
    #expect(document["text"] == update["text"] ?? "first")
    #expect(document["body"]?["author_urn"] == "ann")
  }

  @Test func `edits that say the same things end with the last, in every order`() async throws {
    let edits: [JSON] = [20, 30, 40].map { revision in
      [
        "foreign_id": "m", "revision": .int(revision), "text": .string("edit \(revision)"),
        "body": ["n": .int(revision)],
      ]
    }
    let outcomes = try await outcomes([Self.created] + edits)
    #expect(outcomes.count == 1)
    #expect(outcomes.first?["text"] == "edit 40")
    #expect(outcomes.first?["thread"] == "t")
  }

  @Test(arguments: updates)
  func `a deleted message stays deleted, in every order`(update: JSON) async throws {
    #expect(try await outcomes([Self.created, update, 30]) == [.null])
  }

  @Test func `a late write gives what is missing and can be found by it`() async throws {
    let storage = try await StorageFixture()
    _ = try await storage.put(["foreign_id": "m", "revision": 20, "space": "lobby"])
    #expect(try await storage.put(Self.created) == ["written": 1, "unchanged": 0, "stale": 0])
    #expect(try await storage.put(Self.created) == ["written": 0, "unchanged": 0, "stale": 1])
    #expect(try await storage.ids(["text": "first", "author": "ann"]) == ["m"])
    try await storage.host.stop()
  }
}
