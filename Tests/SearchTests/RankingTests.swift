import Testing

@testable import Search

@Suite struct RankingTests {
  private func ranking(_ words: [String], _ vectors: [String]) -> [String] {
    let near = vectors.enumerated().map { ($0.element, 1 - Double($0.offset) / 100) }
    return Ranking(words: words, vectors: near).results.map(\.foreignID)
  }

  @Test func `what both ways find comes before what one of them finds first`() {
    #expect(ranking(["a", "b", "c"], ["d", "b", "e"]) == ["b", "d", "a", "e", "c"])
  }

  @Test func `one way alone is in its own order`() {
    #expect(ranking(["c", "a", "b"], []) == ["c", "a", "b"])
    #expect(ranking([], ["c", "a", "b"]) == ["c", "a", "b"])
    #expect(ranking([], []).isEmpty)
  }

  @Test func `a result knows how it was found`() {
    let results = Ranking(words: ["a", "b"], vectors: [("b", 0.5)]).results
    #expect(
      results[0] == .init(foreignID: "b", score: 1 / 62.0 + 1 / 61.0, wordRank: 2, vectorRank: 1, similarity: 0.5)
    )
    #expect(results[1] == .init(foreignID: "a", score: 1 / 61.0, wordRank: 1))
  }

  @Test func `equals are always in the same order`() {
    #expect(ranking(["b"], ["a"]) == ["a", "b"])
    #expect(Ranking(words: [], vectors: [("b", 0.5), ("a", 0.5)]).results.map(\.foreignID) == ["b", "a"])
  }
}
