internal import PluginKit
internal import SQLite
internal import VectorIndex

/// One search: the nearest vectors whose documents are there and meet a filter, as many as are wanted if there are so
/// many.
///
/// The database says of every match whether it is one, so that what is in memory may be behind.
struct VectorSearch {
  /// Where no more documents than this meet the filter, each of their vectors is looked at.
  ///
  /// That is about 6 ms, most of it the database's. Of more the nearest few thousand have enough, as a rule, and these
  /// cost no more.
  static let fewMax = 1_000
  /// How many times what is wanted is asked of the index at first, and how many times that each time after it.
  private static let excess = 4

  struct Match: Hashable {
    let foreignID: String
    let score: Float
  }

  /// What was found.
  struct Result: Hashable {
    var matches: [Match] = []
    /// Whether every vector was looked at that could be one of these.
    var isExact = true
  }

  let store: VectorStore
  let collection: String
  let model: StoredModel
  let vector: UnitVector
  let filter: DocumentFilter
  let limit: Int
  let effort: Int

  /// Searches with what of the model is in memory; without, the database's vectors one by one.
  func run(in index: VectorIndex?) throws(SQLiteError) -> Result {
    if !filter.isEmpty {
      let few = try store.candidates(collection, filter, of: model, limit: Self.fewMax + 1)
      if few.count <= Self.fewMax { return try best(of: few, in: index) }
    }
    guard let index, let result = try search(index) else { return try scan() }
    return result
  }

  /// The best of some vectors.
  private func best(of candidates: [VectorStore.Candidate], in index: VectorIndex?) throws(SQLiteError) -> Result {
    var best = Best<VectorStore.Candidate>(limit: limit)
    for candidate in candidates {
      var score = index?.score(vector, candidate.id)
      if score == nil { score = try store.vector(candidate.id)?.score(vector) }
      if let score { best.add(candidate, score) }
    }
    return Result(matches: best.sorted.map { Match(foreignID: $0.value.foreignID, score: $0.score) })
  }

  /// Searches an index, for more and more until enough of what it finds is wanted; nil if it has no memory to.
  private func search(_ index: VectorIndex) throws(SQLiteError) -> Result? {
    let resolver = try store.resolver(collection, filter)
    var wanted = limit * Self.excess
    var resolved: [Int64: String?] = [:]
    while true {
      // Beyond that the graph is no quicker than looking at all.
      let isWhole = wanted >= index.count || wanted > VectorIndex.searchEffortMax
      let count = isWhole ? index.count : wanted
      let isScan = isWhole || index.isExact
      let found =
        try? isScan
        ? index.scan(vector, limit: count) : index.search(vector, limit: count, effort: max(effort, count))
      guard let found else { return nil }
      var result = Result(isExact: isScan)
      for match in found where result.matches.count < limit {
        if resolved[match.id] == nil { resolved[match.id] = .some(try resolver.foreignID(of: match.id)) }
        if let foreignID = resolved[match.id] ?? nil {
          result.matches.append(Match(foreignID: foreignID, score: match.score))
        }
      }
      if isWhole || result.matches.count == limit { return result }
      wanted *= Self.excess
    }
  }

  /// Looks at every vector in the database.
  private func scan() throws(SQLiteError) -> Result {
    let resolver = try store.resolver(collection, filter)
    var best = Best<String>(limit: limit)
    try store.forEachVector(of: model, after: 0) { (id, stored) throws(SQLiteError) in
      let score = stored.score(vector)
      // Few are among the best so far, and of these alone the document is looked up.
      if best.takes(score), let foreignID = try resolver.foreignID(of: id) { best.add(foreignID, score) }
      return true
    }
    return Result(matches: best.sorted.map { Match(foreignID: $0.value, score: $0.score) })
  }
}

/// The best of what it is shown.
struct Best<Value> {
  let limit: Int
  /// In the order of their scores, the best first.
  private(set) var sorted: [(value: Value, score: Float)] = []

  init(limit: Int) {
    self.limit = limit
  }

  func takes(_ score: Float) -> Bool {
    guard sorted.count == limit, let last = sorted.last else { return limit > 0 }
    return score > last.score
  }

  mutating func add(_ value: Value, _ score: Float) {
    guard takes(score) else { return }
    if sorted.count == limit { sorted.removeLast() }
    // Among 100 a step at a time is as quick as halving.
    var place = sorted.endIndex
    while place > 0, sorted[place - 1].score < score { place -= 1 }
    sorted.insert((value, score), at: place)
  }
}
