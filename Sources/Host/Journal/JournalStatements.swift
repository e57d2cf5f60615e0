internal import SQLite

/// What the journal says to its database, prepared once.
struct JournalStatements {
  let insertRecord: Statement
  let insertDigests: Statement
  let page: Statement
  let heads: Statement
  let updateConsumer: Statement
  let putFailure: Statement
  let removeFailures: Statement
  let bury: Statement
  let stateVersion: Statement
  let putState: Statement
  let removeState: Statement
  let state: Statement

  init(_ database: Database) throws(SQLiteError) {
    insertRecord = try database.prepare("INSERT INTO records (sequence, target, envelope) VALUES (?, ?, ?)")
    insertDigests = try database.prepare("INSERT INTO digests (first, digests) VALUES (?, ?)")
    page = try database.prepare(
      "SELECT sequence, target, envelope FROM records WHERE sequence > ? ORDER BY sequence LIMIT ?"
    )
    // Bytes 9 to 16 of the layout are the time at which the host took the envelope.
    heads = try database.prepare(
      "SELECT sequence, substr(envelope, 9, 8) FROM records WHERE sequence < ? ORDER BY sequence LIMIT ?"
    )
    updateConsumer = try database.prepare("UPDATE consumers SET cursor = ?, settled = ? WHERE id = ?")
    putFailure = try database.prepare(
      "INSERT OR REPLACE INTO failures (consumer, sequence, attempts, reason) VALUES (?, ?, ?, ?)"
    )
    removeFailures = try database.prepare("DELETE FROM failures WHERE consumer = ? AND sequence <= ?")
    bury = try database.prepare(
      """
      INSERT OR IGNORE INTO dead_letters (consumer, sequence, attempts, reason, died, envelope)
      SELECT ?, sequence, ?, ?, ?, envelope FROM records WHERE sequence = ?
      """
    )
    stateVersion = try database.prepare(
      "SELECT version FROM states WHERE plugin = ? AND provider = ? AND tenant = ? AND key = ?"
    )
    putState = try database.prepare(
      "INSERT OR REPLACE INTO states (plugin, provider, tenant, key, document) VALUES (?, ?, ?, ?, ?)"
    )
    removeState = try database.prepare(
      "DELETE FROM states WHERE plugin = ? AND provider = ? AND tenant = ? AND key = ?"
    )
    state = try database.prepare(
      "SELECT version, document FROM states WHERE plugin = ? AND provider = ? AND tenant = ? AND key = ?"
    )
  }
}
