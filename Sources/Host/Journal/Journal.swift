internal import SQLite

/// The host's durable record of envelopes, and of who is done with which.
///
/// It belongs to one thread, and each call may wait for the disk: the host calls it through `JournalThread`. A sequence
/// counts records from 1 and is never used twice.
package final class Journal {
  /// How often a commit reaches the disk itself.
  package enum Synchronous: String, Sendable {
    /// Each commit is on the disk when it is answered: it survives a loss of power.
    case full
    /// A commit survives the end of the process; the last ones may be lost with the power, the file stays whole.
    case normal
  }

  /// How a journal is kept.
  package struct Options: Sendable {
    package var synchronous = Synchronous.full
    /// How many of the last recorded digests are known at least; up to twice as many are, at 16 to 43 bytes of memory
    /// each.
    package var dedupeWindow = 65_536
    /// The largest size of its files, in bytes; beyond it nothing is recorded until something is trimmed.
    package var maxBytes: Int64 = 64 << 30

    package init() {}
  }

  let database: Database
  let statements: JournalStatements
  let files: RecordFiles
  let maxBytes: Int64
  /// Whether large commits go into files beside the database.
  ///
  /// They do not where no commit waits for the disk: what the database says of a file must not outlive what is in it.
  let usesFiles: Bool
  var window: DedupeWindow
  /// The sequence of the next record.
  var next: Int64
  /// The last sequence that was trimmed away.
  var trimmed: Int64

  /// Opens the journal at `path`, or makes it.
  package init(path: String, options: Options = Options()) throws(JournalError) {
    maxBytes = options.maxBytes
    usesFiles = options.synchronous == .full
    do throws(SQLiteError) {
      database = try Database(path: path, busyTimeout: busyTimeout)
      // One process at a time: two hosts on one journal would each count sequences of their own.
      try database.execute("PRAGMA locking_mode = EXCLUSIVE")
      // Of a journal that is there, the size stays what it was.
      try database.execute("PRAGMA page_size = " + SQL(pageBytes))
      try database.useWriteAheadLog(options.synchronous == .full ? .full : .normal)
      // What is trimmed is most of what is written, so whole pages of it are overwritten only when somebody is erased.
      try database.useSecureDelete(.fast)
      database.disableAutomaticCheckpoints()
      try database.execute("PRAGMA cache_size = " + SQL(-cacheKibibytes))
      try database.migrate(application: JournalSchema.application, steps: JournalSchema.steps)
      statements = try JournalStatements(database)
      trimmed = try database.number("SELECT sequence FROM trimmed")
      let last = try database.number(
        "SELECT max((SELECT coalesce(max(sequence), 0) FROM records), (SELECT coalesce(max(last), 0) FROM runs))"
      )
      next = max(last, trimmed) + 1
      window = DedupeWindow(size: options.dedupeWindow)
    } catch {
      throw JournalError(error)
    }
    files = try Self.files(of: path, database)
    try shareRoom()
    try rethrow { () throws(SQLiteError) in try loadDigests() }
  }

  package var path: String { database.path }

  /// The sequence of the newest record; 0 if there never was one.
  package var last: Int64 { next - 1 }

  /// Writes a batch, in one transaction.
  package func commit(_ batch: JournalBatch) throws(JournalError) -> JournalOutcome {
    try commit([batch])[0]
  }

  /// Writes several batches, in one transaction: all of them, or none.
  package func commit(_ batches: [JournalBatch]) throws(JournalError) -> [JournalOutcome] {
    let first = next
    var fresh: [JournalAppend] = []
    let appended = batches.map { batch in batch.appends.map { append in number(append, &fresh) } }
    do throws(JournalError) {
      let plan = try plan(fresh, from: first)
      let dead = try batches.map { (batch) throws(JournalError) in try envelopes(of: batch.deadLetters, fresh) }
      let outcomes = try rethrow { () throws(SQLiteError) in
        try database.transaction { () throws(SQLiteError) in
          try insert(plan)
          try record(fresh.compactMap(\.digest), first: first)
          var outcomes: [JournalOutcome] = []
          for (index, batch) in batches.enumerated() {
            outcomes.append(
              JournalOutcome(appends: appended[index], states: try write(batch, deadLetters: dead[index]))
            )
          }
          return outcomes
        }
      }
      files.keep()
      if !plan.runs.isEmpty { try shareRoom() }
      window.turn(next: next)
      return outcomes
    } catch {
      next = first
      files.takeBack()
      window.remove(fresh.compactMap(\.digest))
      throw error
    }
  }

  /// Puts what is in the write-ahead log into the file if that is long; to be called when nobody waits, since it takes
  /// milliseconds.
  package func checkpointIfLong() throws(JournalError) {
    guard database.logPages >= logPagesMax else { return }
    try rethrow { () throws(SQLiteError) in try database.checkpointInPlace() }
  }

  /// Puts everything into the one file; without it the next start does.
  package func checkpoint() throws(JournalError) {
    try rethrow { () throws(SQLiteError) in try database.checkpoint() }
  }

  /// Runs `body`, with the journal's error in place of SQLite's.
  func rethrow<Result>(_ body: () throws(SQLiteError) -> Result) throws(JournalError) -> Result {
    do throws(SQLiteError) { return try body() } catch { throw JournalError(error) }
  }

  /// Gives an envelope its sequence, unless a copy of it was recorded.
  private func number(_ append: JournalAppend, _ fresh: inout [JournalAppend]) -> JournalOutcome.Append {
    if let digest = append.digest, !window.insert(digest) { return .duplicate }
    fresh.append(append)
    defer { next += 1 }
    return .recorded(next)
  }

  /// Writes what a batch holds but for the envelopes that are to be recorded.
  private func write(
    _ batch: JournalBatch,
    deadLetters: [[UInt8]?]
  ) throws(SQLiteError) -> [JournalOutcome.State] {
    for progress in batch.progress { try write(progress) }
    for failure in batch.failures { try write(failure) }
    for (failure, envelope) in zip(batch.deadLetters, deadLetters) {
      if let envelope { try bury(failure, envelope) }
    }
    var states: [JournalOutcome.State] = []
    for state in batch.states { states.append(try write(state)) }
    return states
  }

  /// Records an envelope under the next sequence.
  func insert(_ envelope: [UInt8], target: Int64?) throws(SQLiteError) -> Int64 {
    let sequence = next
    try statements.insertRecord.run(sequence, target, envelope)
    next += 1
    return sequence
  }

  private func record(_ digests: [DedupeDigest], first: Int64) throws(SQLiteError) {
    guard !digests.isEmpty else { return }
    // A digest is its 16 bytes and nothing else, so an array of them is what the row holds.
    try statements.insertDigests.run(first, unsafe digests.withUnsafeBytes { unsafe [UInt8]($0) })
  }

  private func loadDigests() throws(SQLiteError) {
    try database.prepare("SELECT first, digests FROM digests ORDER BY first").forEach { (row) throws(SQLiteError) in
      let first = try row.get(0, as: Int64.self)
      let bytes = try row.get(1, as: [UInt8].self)
      window.turn(next: first)
      for offset in stride(from: 0, through: bytes.count - DedupeDigest.size, by: DedupeDigest.size) {
        _ = window.insert(DedupeDigest(bytes, at: offset))
      }
      return true
    }
    window.turn(next: next)
  }
}

/// How long to wait for another process to let go of the journal, in milliseconds: a predecessor may be closing it.
private let busyTimeout: Int32 = 1_000

// Bytes of a page of a new journal: room for several social messages, of 1 to 2 kB, with their provider's payload. A
// record costs a fifth less than with SQLite's 4 KiB; with 16 KiB a commit of few records costs twice as much.
private let pageBytes: Int64 = 8_192

/// How many pages the write-ahead log gathers before they are copied into the file.
///
/// 4 MiB, so that nobody waits for it for more than some milliseconds: since records are appended, fewer copies of more
/// pages would be no less work.
private let logPagesMax = (4 << 20) / Int(pageBytes)

/// Memory for pages, in KiB: records are written once and read soon after, so more would hold nothing of use.
private let cacheKibibytes: Int64 = 2_048
