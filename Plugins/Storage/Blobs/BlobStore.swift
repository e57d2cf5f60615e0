internal import PluginKit
internal import SQLite

/// What the database of one tenant says about its blobs.
///
/// What holds at the end of each transaction: a blob has an entry in some collection; an entry has a reference, or the
/// time since which it has none.
final class BlobStore {
  /// What came of a reference.
  enum Outcome: String {
    case written
    /// It was there already.
    case unchanged
    /// The document was deleted: nothing refers to the blob.
    case stale
  }

  /// A blob as it is stored.
  struct Stored {
    let id: Int64
    let digest: BlobDigest
    let size: Int64
    let createdAt: Int64
  }

  let database: Database
  /// Whether the last change of documents has left a blob without a reference.
  var hasReleased = false
  /// A time since which a blob has no reference that is before every other: it goes with the next step.
  static let longAgo: Int64 = 0

  private let erased: ErasedDocuments
  private let findReferences: Statement

  init(_ database: Database, _ erased: ErasedDocuments) throws(SQLiteError) {
    self.database = database
    self.erased = erased
    // The others are of what is rare next to what they are about, a file; this one is of every deletion.
    findReferences = try database.prepare("SELECT blob FROM blob_references WHERE collection = ? AND foreign_id = ?")
  }

  // MARK: - Reading

  /// A blob of the tenant, whichever collections have it.
  func find(_ digest: BlobDigest) throws(SQLiteError) -> Stored? {
    try database.prepare("SELECT id, size, created_at FROM blobs WHERE sha256 = ?").first(digest.description) {
      (row) throws(SQLiteError) in
      Stored(id: try row.get(0), digest: digest, size: try row.get(1), createdAt: try row.get(2))
    }
  }

  /// A blob that is in a collection.
  func find(_ digest: BlobDigest, in collection: String) throws(SQLiteError) -> Stored? {
    guard let stored = try find(digest) else { return nil }
    let entry = try database.prepare("SELECT 1 FROM blob_entries WHERE collection = ? AND blob = ?")
    return try entry.value(collection, stored.id, as: Int64.self) == nil ? nil : stored
  }

  /// How many documents of a collection refer to a blob.
  func references(to blob: Stored, in collection: String) throws(SQLiteError) -> Int64 {
    try database.prepare("SELECT count(*) FROM blob_references WHERE blob = ? AND collection = ?")
      .value(blob.id, collection, as: Int64.self) ?? 0
  }

  /// What all blobs of the tenant take.
  func usage() throws(SQLiteError) -> (bytes: Int64, count: Int64) {
    try database.prepare("SELECT bytes, count FROM blob_usage").first { (row) throws(SQLiteError) in
      (bytes: try row.get(0), count: try row.get(1))
    } ?? (0, 0)
  }

  /// The earliest time since which a blob of some collection has no reference.
  func unusedSince() throws(SQLiteError) -> Int64? {
    try database.prepare("SELECT unused_since FROM blob_entries WHERE unused_since IS NOT NULL ORDER BY unused_since")
      .value(as: Int64.self)
  }

  // MARK: - Writing, in a transaction of the caller's

  /// Notes a blob, if the tenant has none of its digest, in a collection, if that has none.
  func add(_ digest: BlobDigest, size: Int64, to collection: String, now: Int64) throws(SQLiteError) -> Stored {
    let insert = try database.prepare(
      "INSERT INTO blobs (sha256, size, created_at) VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING"
    )
    try insert.run(digest.description, size, now)
    guard let stored = try find(digest) else {
      throw SQLiteError(damaged: "blob \(digest): not there when it was written", path: database.path)
    }
    try touch(stored, in: collection, now: now)
    return stored
  }

  /// Notes that a blob which nothing refers to is wanted at this time, so that it stays for a while.
  func touch(_ blob: Stored, in collection: String, now: Int64) throws(SQLiteError) {
    try database.prepare(
      """
      INSERT INTO blob_entries (collection, blob, unused_since) VALUES (?, ?, ?)
      ON CONFLICT (collection, blob) DO UPDATE SET unused_since = excluded.unused_since WHERE unused_since IS NOT NULL
      """
    ).run(collection, blob.id, now)
  }

  /// Has a document refer to a blob of its collection.
  func refer(_ collection: String, _ referrer: BlobReferrer, to blob: Stored) throws(SQLiteError) -> Outcome {
    let mark = try database.prepare(
      "SELECT revision FROM documents WHERE collection = ? AND foreign_id = ? AND deleted = 1"
    ).value(collection, referrer.foreignID, as: Int64.self)
    if let mark, referrer.revision.map({ $0 <= mark }) ?? true { return .stale }
    if try erased.contains(collection, referrer.foreignID) {
      try touch(blob, in: collection, now: Self.longAgo)
      return .stale
    }
    try database.prepare(
      "INSERT INTO blob_references (collection, foreign_id, blob) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    ).run(collection, referrer.foreignID, blob.id)
    guard database.changes > 0 else { return .unchanged }
    try database.prepare("UPDATE blob_entries SET unused_since = NULL WHERE collection = ? AND blob = ?")
      .run(collection, blob.id)
    return .written
  }

  /// Takes a document's reference to one blob away, or to all; returns how many there were.
  func release(_ collection: String, _ foreignID: String, _ one: Int64?, now: Int64) throws(SQLiteError) -> Int {
    let all = try findReferences.all(collection, foreignID) { (row) throws(SQLiteError) in
      try row.get(0, as: Int64.self)
    }
    let blobs = all.filter { one == nil || $0 == one }
    for blob in blobs {
      try database.prepare("DELETE FROM blob_references WHERE collection = ? AND foreign_id = ? AND blob = ?")
        .run(collection, foreignID, blob)
      try database.prepare(
        """
        UPDATE blob_entries SET unused_since = ? WHERE collection = ? AND blob = ?
        AND NOT EXISTS (SELECT 1 FROM blob_references AS other WHERE other.blob = ? AND other.collection = ?)
        """
      ).run(now, collection, blob, blob, collection)
    }
    if !blobs.isEmpty { hasReleased = true }
    return blobs.count
  }
}
