/// Two lists of results in one order, by reciprocal rank fusion: what stands high in both comes first, with nothing to be
/// known of what their scores mean.
///
/// Source: Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
/// Methods", SIGIR 2009.
struct Ranking {
  /// What keeps the first few of one list from being worth more than a good place in both; the source's constant.
  private static let smoothing = 60.0

  /// A document and how it came to be found.
  struct Result: Equatable {
    let foreignID: String
    var score = 0.0
    /// Its place among those found by words, from 1.
    var wordRank: Int?
    /// Its place among those found by meaning, from 1.
    var vectorRank: Int?
    /// How near its vector is: the cosine.
    var similarity: Double?
  }

  /// The results, best first.
  let results: [Result]

  /// Fuses what was found by words with what was found by meaning, each best first.
  init(words: [String], vectors: [(foreignID: String, similarity: Double)]) {
    var found: [String: Result] = [:]
    for (index, foreignID) in words.enumerated() {
      var result = found[foreignID] ?? Result(foreignID: foreignID)
      result.wordRank = index + 1
      result.score += 1 / (Self.smoothing + Double(index + 1))
      found[foreignID] = result
    }
    for (index, match) in vectors.enumerated() {
      var result = found[match.foreignID] ?? Result(foreignID: match.foreignID)
      result.vectorRank = index + 1
      result.similarity = match.similarity
      result.score += 1 / (Self.smoothing + Double(index + 1))
      found[match.foreignID] = result
    }
    // Of equals the nearer first, and then always in the same order.
    results = found.values.sorted { first, second in
      if first.score != second.score { return first.score > second.score }
      let (near, nearer) = (first.similarity ?? -1, second.similarity ?? -1)
      return near == nearer ? first.foreignID < second.foreignID : near > nearer
    }
  }
}
