internal import SQLite

extension BlobStore {
  /// How many entries one step takes away: a few milliseconds with their files.
  static let collectedAtOnce: Int64 = 32

  /// Forgets blobs that nothing has referred to since before a time, as many as one step does.
  ///
  /// - Returns: How many entries went, and the blobs whose files nothing is left for.
  func collect(before time: Int64) throws(SQLiteError) -> (entries: Int, files: [BlobDigest]) {
    // Without a lock for whoever only looks.
    guard let first = try unusedSince(), first <= time else { return (0, []) }
    return try database.transaction { () throws(SQLiteError) in
      let unused = try database.prepare(
        """
        SELECT collection, blob, sha256 FROM blob_entries JOIN blobs ON blobs.id = blob
        WHERE unused_since <= ? ORDER BY unused_since LIMIT ?
        """
      ).all(time, Self.collectedAtOnce) { (row) throws(SQLiteError) in
        (collection: try row.get(0, as: String.self), blob: try row.get(1, as: Int64.self), digest: try digest(row, 2))
      }
      var files: [BlobDigest] = []
      for (collection, blob, digest) in unused {
        try database.prepare("DELETE FROM blob_entries WHERE collection = ? AND blob = ?").run(collection, blob)
        try database.prepare(
          "DELETE FROM blobs WHERE id = ? AND NOT EXISTS (SELECT 1 FROM blob_entries AS other WHERE other.blob = ?)"
        ).run(blob, blob)
        if database.changes > 0 { files.append(digest) }
      }
      return (unused.count, files)
    }
  }

  /// Removes the files of blobs that the database does not know.
  ///
  /// In a transaction, in which no other process gives a file its name: while a generation takes the place of another,
  /// two of them have the database open.
  func removeOrphans(among digests: [BlobDigest], _ files: BlobFiles) throws(SQLiteError) -> Int {
    guard !digests.isEmpty else { return 0 }
    return try database.transaction { () throws(SQLiteError) in
      var removed = 0
      for digest in digests where try find(digest) == nil {
        files.remove(digest)
        removed += 1
      }
      return removed
    }
  }

  private func digest(_ row: borrowing Row, _ column: Int32) throws(SQLiteError) -> BlobDigest {
    let text = try row.get(column, as: String.self)
    guard let digest = BlobDigest(text) else {
      throw SQLiteError(damaged: "blob \(text): no digest", path: database.path)
    }
    return digest
  }
}
