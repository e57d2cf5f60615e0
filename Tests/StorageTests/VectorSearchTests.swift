import PluginKit
import TestSupport
import Testing
import VectorIndex

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorSearchTests {
  private static let filters: [JSONObject] = [
    [:], ["space": "rare"], ["space": "common"], ["author": "author 1"], ["author": "author 2", "space": "rare"],
    ["since": 100, "until": 300], ["since": 5_900], ["space": "nowhere"], ["author": "author 0", "since": 3_000],
  ]

  @Test func `a search with any filter finds what looking at everything finds`() throws {
    var world = try VectorWorld(count: 6_000)
    let index = try world.index()
    #expect(!index.isExact)
    var (found, all) = (0, 0)
    for _ in 0..<5 {
      let query = try UnitVector(world.latent.next())
      for filter in Self.filters {
        for limit in [1, 10, 100] {
          let expected = world.expected(query, filter, limit)
          let result = try world.search(query, filter, limit, index)
          // As many as there are, whatever the way; and those that were looked at one by one are exactly those.
          #expect(result.matches.count == expected.count, "\(filter)")
          if result.isExact { #expect(result.matches.map(\.foreignID) == expected, "\(filter)") }
          #expect(zip(result.matches, result.matches.dropFirst()).allSatisfy { $0.score >= $1.score })
          found += Set(result.matches.map(\.foreignID)).intersection(expected).count
          all += expected.count
          #expect(try world.search(query, filter, limit, nil).matches.map(\.foreignID) == expected, "\(filter)")
        }
      }
    }
    #expect(Double(found) >= 0.98 * Double(all))
  }

  @Test func `what the index does not know to be gone is not found`() throws {
    var world = try VectorWorld(count: 2_000)
    let index = try world.index()
    let query = try UnitVector(world.latent.next())
    for _ in 0..<5 {
      let first = try #require(try world.search(query, [:], 1, index).matches.first?.foreignID)
      _ = try world.store.apply([("messages", .delete(DocumentDeletion(foreignID: first, revision: nil, now: 0)))])
      world.entries.removeAll { $0.id == first }
      let found = try world.search(query, [:], 10, index).matches.map(\.foreignID)
      #expect(found == world.expected(query, [:], 10))
    }
  }

  @Test func `with all that is near deleted as much is found as there is`() throws {
    var world = try VectorWorld(count: 1_500)
    let index = try world.index()
    let query = try UnitVector(world.latent.next())
    let near = world.expected(query, [:], 1_400)
    _ = try world.store.apply(
      near.map { ("messages", .delete(DocumentDeletion(foreignID: $0, revision: nil, now: 0))) }
    )
    world.entries.removeAll { near.contains($0.id) }
    let result = try world.search(query, [:], 100, index)
    #expect(result.matches.map(\.foreignID) == world.expected(query, [:], 100))
  }
}
