internal import CSQLite

extension Database {
  /// What becomes of the bytes of what is deleted.
  package enum SecureDelete: Sendable {
    /// They are overwritten, whatever that costs.
    case on
    /// They are overwritten where the page is written anyway; a page that is wholly free keeps its own until
    /// `overwriteUnused`.
    case fast
  }

  /// Has what is deleted from now on be overwritten.
  package func useSecureDelete(_ mode: SecureDelete) throws(SQLiteError) {
    // Answers with a row, which is of no interest.
    try execute(mode == .on ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = FAST")
  }

  /// How many rows all statements since the connection was opened have changed.
  package var totalChanges: Int64 { unsafe sqlite3_total_changes64(handle) }

  /// Bytes of the file, those of unused pages included.
  package func bytesOfFile() throws(SQLiteError) -> Int64 {
    try number("PRAGMA page_count") * number("PRAGMA page_size")
  }

  /// Writes the database anew, so that nothing is in the file but what is stored.
  ///
  /// It takes as much memory as the database has bytes, and the thread for as long as writing them takes.
  package func rewrite() throws(SQLiteError) {
    // A file elsewhere would hold all of it, beyond whoever looks for what was erased.
    let before = try number("PRAGMA temp_store")
    // What an interrupted `overwriteUnused` has left would be written too.
    try execute("PRAGMA temp_store = MEMORY; DROP TABLE IF EXISTS unused; VACUUM")
    if before != memoryStore { try execute("PRAGMA temp_store = " + SQL(before)) }
  }

  /// Overwrites unused pages with zeros, some MiB in a step; false: there are none left that have not been.
  ///
  /// A table takes the pages over, row after row, and gives them back when it has all of them. What a process has left
  /// that ended in between is taken up by the next first step.
  ///
  /// - Parameter isFirst: Whether this is the first step.
  /// - Returns: Whether there is more to be done.
  /// - Throws: What SQLite says, such as that the disk is full.
  package func overwriteUnused(isFirst: Bool) throws(SQLiteError) -> Bool {
    if isFirst {
      try execute("CREATE TABLE IF NOT EXISTS unused (id INTEGER PRIMARY KEY, zeros BLOB)")
      try execute("DELETE FROM unused WHERE zeros IS NULL")
    }
    // A row without zeros is the sign that all pages have been taken over.
    let isGiving = try number("SELECT count(*) FROM unused WHERE zeros IS NULL") > 0
    let free = try number("PRAGMA freelist_count")
    if free > 0, !isGiving {
      let bytes = try min(free, unusedEach) * number("PRAGMA page_size")
      try prepare("INSERT INTO unused (zeros) VALUES (zeroblob(?))").run(bytes)
      return true
    }
    if !isGiving { try execute("INSERT INTO unused (zeros) VALUES (NULL)") }
    try execute("DELETE FROM unused WHERE id = (SELECT min(id) FROM unused WHERE zeros IS NOT NULL)")
    guard try number("SELECT count(*) FROM unused") == 1 else { return true }
    try execute("DROP TABLE unused")
    return false
  }
}

/// Pages that are overwritten in one step: 2 to 8 MiB, some ten milliseconds on a slow disk.
private let unusedEach: Int64 = 512

/// What PRAGMA temp_store says of memory.
private let memoryStore: Int64 = 2
