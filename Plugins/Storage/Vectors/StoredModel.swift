internal import SQLite

/// A model that has vectors in a collection.
struct StoredModel: Hashable {
  /// What becomes of its vectors.
  enum State: Int64 {
    /// It gathers them beside the current one, and takes its place when no document lacks one.
    case gathering = 0
    /// It is the one that is searched.
    case current = 1
    /// Another one has taken its place, and its vectors are being dropped.
    case dropped = 2
  }

  static let columns: SQL = "id, collection, name, version, checksum, dimension, state, seen, seen_end, owner"

  let id: Int64
  let collection: String
  let model: VectorModel
  var state: State
  /// Up to which row documents have been looked at for those without a vector.
  var seen: Int64
  /// Up to which row they have to be: the last one when the model came.
  let seenEnd: Int64
  /// Tells the file of its index from another's.
  let owner: [UInt8]

  /// Whether all documents that lack a vector are known.
  var isSeen: Bool { seen >= seenEnd }

  /// Reads a row of `columns`.
  init(_ row: borrowing Row) throws(SQLiteError) {
    id = try row.get(0)
    collection = try row.get(1)
    model = VectorModel(
      name: try row.get(2),
      version: try row.get(3),
      checksum: try row.get(4),
      dimension: Int(try row.get(5, as: Int64.self))
    )
    // The schema lets no other state in but by somebody's hand; what is of no known one is harmless where it is.
    state = State(rawValue: try row.get(6)) ?? .dropped
    seen = try row.get(7)
    seenEnd = try row.get(8)
    owner = try row.get(9)
  }
}
