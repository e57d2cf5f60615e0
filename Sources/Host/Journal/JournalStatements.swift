internal import SQLite

/// What the journal says to its database, prepared once.
struct JournalStatements {
  let insertRecord: Statement
  let insertRun: Statement
  let nextRun: Statement
  let insertDigests: Statement
  let page: Statement
  let heads: Statement
  let updateConsumer: Statement
  let putFailure: Statement
  let removeFailures: Statement
  let record: Statement
  let bury: Statement
  let putState: Statement
  let removeState: Statement
  let state: Statement
  let removeOutdated: Statement
  let removeOvertaken: Statement
  let keepDrafts: Statement
  let dropDrafts: Statement

  init(_ database: Database) throws(SQLiteError) {
    insertRecord = try database.prepare("INSERT INTO records (sequence, target, envelope) VALUES (?, ?, ?)")
    insertRun = try database.prepare("INSERT INTO runs (first, last, file, offset, sizes) VALUES (?, ?, ?, ?, ?)")
    nextRun = try database.prepare("SELECT first, file, offset, sizes FROM runs WHERE last > ? ORDER BY last LIMIT 1")
    insertDigests = try database.prepare("INSERT INTO digests (first, digests) VALUES (?, ?)")
    page = try database.prepare(
      "SELECT sequence, target, envelope FROM records WHERE sequence > ? AND sequence < ? ORDER BY sequence LIMIT ?"
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
    record = try database.prepare("SELECT envelope FROM records WHERE sequence = ?")
    bury = try database.prepare(
      """
      INSERT OR IGNORE INTO dead_letters (consumer, sequence, attempts, reason, died, envelope)
      VALUES (?, ?, ?, ?, ?, ?)
      """
    )
    // A draft hides what is kept, also when it says that there is nothing.
    state = try database.prepare(
      """
      SELECT version, document FROM (
        SELECT version, document FROM states
        WHERE plugin = ? AND provider = ? AND tenant = ? AND key = ? AND draft IN (0, ?) ORDER BY draft DESC LIMIT 1
      ) WHERE document IS NOT NULL
      """
    )
    putState = try database.prepare(
      "INSERT OR REPLACE INTO states (plugin, provider, tenant, key, draft, document) VALUES (?, ?, ?, ?, ?, ?)"
    )
    removeState = try database.prepare(
      "DELETE FROM states WHERE plugin = ? AND provider = ? AND tenant = ? AND key = ? AND draft = 0"
    )
    removeOutdated = try database.prepare(
      """
      DELETE FROM states WHERE version IN (
        SELECT kept.version FROM states AS draft JOIN states AS kept USING (plugin, provider, tenant, key)
        WHERE draft.draft = ? AND draft.draft != 0 AND kept.draft = 0 AND kept.version < draft.version
      )
      """
    )
    removeOvertaken = try database.prepare(
      """
      DELETE FROM states WHERE version IN (
        SELECT draft.version FROM states AS draft LEFT JOIN states AS kept
        ON (kept.plugin, kept.provider, kept.tenant, kept.key, kept.draft)
          = (draft.plugin, draft.provider, draft.tenant, draft.key, 0)
        WHERE draft.draft = ? AND draft.draft != 0 AND (draft.document IS NULL OR kept.version IS NOT NULL)
      )
      """
    )
    keepDrafts = try database.prepare("UPDATE states SET draft = 0 WHERE draft = ? AND draft != 0")
    dropDrafts = try database.prepare("DELETE FROM states WHERE draft != 0")
  }
}
