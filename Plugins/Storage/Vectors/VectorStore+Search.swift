internal import PluginKit
internal import SQLite
internal import VectorIndex

extension VectorStore {
  /// A vector whose document meets a filter.
  struct Candidate: Hashable {
    let id: Int64
    let foreignID: String
  }

  /// Tells of which document a vector is, if that is there and meets a filter.
  struct Resolver {
    fileprivate let statement: Statement
    fileprivate let values: [any SQLiteValue]

    /// The foreign id of a vector's document; nil if there is none that meets the filter.
    func foreignID(of vector: Int64) throws(SQLiteError) -> String? {
      var found: String?
      try statement.forEach(binding: [vector] + values) { (row) throws(SQLiteError) in
        found = try row.get(0, as: String.self)
        return false
      }
      return found
    }
  }

  /// What tells the documents of vectors apart by a filter.
  func resolver(_ collection: String, _ filter: DocumentFilter) throws(SQLiteError) -> Resolver {
    let conditions = Conditions(filter, collection)
    let sql: SQL =
      "SELECT vectors.foreign_id FROM vectors CROSS JOIN documents ON documents.foreign_id = vectors.foreign_id"
      + " WHERE vectors.id = ? AND " + conditions.sql
    return Resolver(statement: try database.prepare(sql), values: conditions.values)
  }

  /// The vectors of a model whose documents meet a filter, at most `limit` of them.
  func candidates(
    _ collection: String,
    _ filter: DocumentFilter,
    of model: StoredModel,
    limit: Int
  ) throws(SQLiteError) -> [Candidate] {
    let conditions = Conditions(filter, collection)
    // In this order: a filter is an index of the documents'.
    let sql: SQL =
      "SELECT vectors.id, vectors.foreign_id FROM documents CROSS JOIN vectors"
      + " ON vectors.model = ? AND vectors.foreign_id = documents.foreign_id WHERE " + conditions.sql + " LIMIT ?"
    var candidates: [Candidate] = []
    let values: [any SQLiteValue] = [model.id] + conditions.values + [Int64(limit)]
    try database.prepare(sql).forEach(binding: values) { (row) throws(SQLiteError) in
      candidates.append(Candidate(id: try row.get(0), foreignID: try row.get(1)))
      return true
    }
    return candidates
  }

  /// One vector; nil if there is none of that id, or it says that there is none.
  func vector(_ id: Int64) throws(SQLiteError) -> UnitVector? {
    try fetchVector.first(id) { (row) throws(SQLiteError) in UnitVector(row: try row.get(0)) } ?? nil
  }

  /// Gives the vectors of a model that come after one, in the order of their ids, until `body` answers false.
  func forEachVector(
    of model: StoredModel,
    after id: Int64,
    limit: Int64 = .max,
    _ body: (Int64, UnitVector) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    let select = try database.prepare(
      "SELECT id, vector FROM vectors WHERE model = ? AND id > ? AND vector <> x'' ORDER BY id LIMIT ?"
    )
    try select.forEach(model.id, id, limit) { (row) throws(SQLiteError) in
      try body(try row.get(0), UnitVector(stored: try row.get(1)))
    }
  }
}
