internal import CSQLite

/// A connection to one database file.
///
/// It and its statements are used by one thread at a time; SQLite's own mutexes are off. It is closed when the last
/// reference to it goes.
@safe package final class Database {
  /// How often a commit reaches the disk itself.
  package enum Synchronous: String, Sendable {
    /// Each commit is on the disk when it returns: it survives a loss of power.
    case full
    /// A commit survives the end of the process; the last ones may be lost with the power, the file stays whole.
    case normal
  }

  package let path: String
  let handle: OpaquePointer
  private var begin: Statement?
  private var commit: Statement?
  /// Pages in the write-ahead log, once `disableAutomaticCheckpoints` was called.
  package private(set) var logPages = 0

  /// Opens the file, or makes it.
  ///
  /// A lock of another connection is waited for as long as `busyTimeout` says, in milliseconds.
  package init(path: String, busyTimeout: Int32 = 5_000) throws(SQLiteError) {
    var opened: OpaquePointer?
    // EXRESCODE makes every status an extended one. NOFOLLOW is not set: an operator may keep data behind a link.
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let status = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard status == SQLITE_OK, let connection = unsafe opened else {
      let message = unsafe opened.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(extendedCode: status, message: message, path: path)
    }
    self.path = path
    unsafe handle = unsafe connection
    unsafe sqlite3_busy_timeout(handle, busyTimeout)
  }

  deinit {
    begin = nil
    commit = nil
    unsafe sqlite3_close_v2(handle)
  }

  /// Prepares the one statement in `sql`.
  package func prepare(_ sql: SQL) throws(SQLiteError) -> Statement {
    var statements: [Statement] = []
    try forEachStatement(in: sql) { statements.append($0) }
    guard statements.count == 1 else {
      let found = statements.isEmpty ? "none" : "more"
      throw SQLiteError(
        extendedCode: SQLITE_MISUSE,
        message: "expected one statement, found \(found)",
        path: path,
        sql: sql.text
      )
    }
    return statements[0]
  }

  /// Runs every statement in `sql`, each after the one before it, so that a later one may use what an earlier one made.
  package func execute(_ sql: SQL) throws(SQLiteError) {
    try forEachStatement(in: sql) { (statement) throws(SQLiteError) in try statement.run() }
  }

  /// Runs `body` in a transaction: all of what it writes stays, or, if it throws or the commit fails, none of it.
  package func transaction<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
    if begin == nil {
      // IMMEDIATE, so that a lock is waited for here, where nothing is lost by it.
      begin = try prepare("BEGIN IMMEDIATE")
      commit = try prepare("COMMIT")
    }
    try begin?.run()
    do throws(SQLiteError) {
      let result = try body()
      try commit?.run()
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  /// How many rows the last INSERT, UPDATE or DELETE changed.
  package var changes: Int {
    Int(unsafe sqlite3_changes64(handle))
  }

  /// The rowid of the last row inserted.
  package var lastInsertedRow: Int64 {
    unsafe sqlite3_last_insert_rowid(handle)
  }

  /// Turns on write-ahead logging, and sets how durable a commit is.
  package func useWriteAheadLog(_ synchronous: Synchronous) throws(SQLiteError) {
    let mode = try prepare("PRAGMA journal_mode = WAL").value(as: String.self)
    guard mode == "wal" else {
      throw SQLiteError(
        extendedCode: SQLITE_IOERR,
        message: "expected a write-ahead log, found journal mode \(mode ?? "none")",
        path: path
      )
    }
    try execute(synchronous == .full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
  }

  /// Copies the write-ahead log into the database and empties it.
  package func checkpoint() throws(SQLiteError) {
    try execute("PRAGMA wal_checkpoint(TRUNCATE)")
    logPages = 0
  }

  /// Copies the write-ahead log into the database; what comes next overwrites it.
  package func checkpointInPlace() throws(SQLiteError) {
    try execute("PRAGMA wal_checkpoint(PASSIVE)")
    logPages = 0
  }

  /// Leaves checkpoints to whoever uses the database, and counts `logPages` for them: else a commit that finds the log
  /// long makes one, while somebody waits for that commit.
  package func disableAutomaticCheckpoints() {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    _ = unsafe sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        // Called by a commit, and so while there is a database.
        if let context = unsafe context {
          unsafe Unmanaged<Database>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
        }
        return SQLITE_OK
      },
      context
    )
  }

  private func forEachStatement(
    in sql: SQL,
    _ body: (Statement) throws(SQLiteError) -> Void
  ) throws(SQLiteError) {
    var failure: SQLiteError?
    unsafe sql.text.withCString { text in
      var start = unsafe text
      do throws(SQLiteError) {
        while let statement = try unsafe prepareNext(&start) { try body(statement) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Prepares the first statement in the UTF-8 at `start`, and moves `start` behind it.
  private func prepareNext(_ start: inout UnsafePointer<CChar>) throws(SQLiteError) -> Statement? {
    var statement: OpaquePointer?
    var tail: UnsafePointer<CChar>?
    let persistent = UInt32(SQLITE_PREPARE_PERSISTENT)
    let status = unsafe sqlite3_prepare_v3(handle, start, -1, persistent, &statement, &tail)
    guard status == SQLITE_OK else {
      let message = unsafe String(cString: sqlite3_errmsg(handle))
      throw SQLiteError(extendedCode: status, message: message, path: path, sql: unsafe String(cString: start))
    }
    if let tail = unsafe tail { unsafe start = unsafe tail }
    guard let statement = unsafe statement else { return nil }
    return unsafe Statement(owning: statement, path: path)
  }

  /// Ends a transaction that failed; some errors have ended it already.
  private func rollBack() {
    if unsafe sqlite3_get_autocommit(handle) == 0 {
      unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }
  }
}
