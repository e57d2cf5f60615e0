internal import CHNSW

extension VectorIndex {
  /// Finds the vectors nearest to one, best first.
  ///
  /// `effort` is how many the graph is kept looking for; more finds more of the nearest, and takes longer.
  package func search(
    _ query: UnitVector,
    limit: Int,
    effort: Int = searchEffort
  ) throws(VectorIndexError) -> [Match] {
    if isExact { return try scan(query, limit: limit) }
    return try matches(query, limit, .graph(effort: min(effort, Self.searchEffortMax)))
  }

  /// Finds the vectors nearest to one by looking at each.
  package func scan(_ query: UnitVector, limit: Int) throws(VectorIndexError) -> [Match] {
    try matches(query, limit, .scan)
  }

  /// Finds what hnswlib's own search finds, for comparison: of the graph alone, what was removed among it.
  package func searchPlain(_ query: UnitVector, limit: Int, effort: Int) throws(VectorIndexError) -> [Match] {
    try matches(query, limit, .plain(effort: effort))
  }

  /// The score of one vector; nil if there is none of that id.
  package func score(_ query: UnitVector, _ id: Int64) -> Float? {
    guard id >= 0, query.dimension == dimension else { return nil }
    var score: Float = 0
    let isThere = unsafe query.bytes.withUnsafeBytes { query in
      unsafe withHandle { unsafe chnsw_score($0, query.baseAddress.bytes, UInt64(id), &score) }
    }
    return isThere ? score : nil
  }

  /// How vectors are looked for.
  private enum Way {
    case graph(effort: Int)
    case scan
    case plain(effort: Int)
  }

  private func matches(_ query: UnitVector, _ limit: Int, _ way: Way) throws(VectorIndexError) -> [Match] {
    guard query.dimension == dimension else {
      throw VectorIndexError(.misuse, "expected \(dimension) elements, found \(query.dimension)")
    }
    let limit = max(min(limit, count), 0)
    var status = CHNSW_OK
    let found = unsafe [chnsw_match](unsafeUninitializedCapacity: limit) { matches, found in
      guard limit > 0, let start = matches.baseAddress else { return }
      unsafe query.bytes.withUnsafeBytes { bytes in
        let query = unsafe bytes.baseAddress.bytes
        status = unsafe withHandle { index in
          switch way {
          case .graph(let effort): unsafe chnsw_search(index, query, limit, effort, start, &found)
          case .scan: unsafe chnsw_scan(index, query, limit, start, &found)
          case .plain(let effort): unsafe chnsw_search_plain(index, query, limit, effort, start, &found)
          }
        }
      }
    }
    try check(status)
    return found.map { Match(id: Int64($0.label), score: $0.score) }
  }
}
