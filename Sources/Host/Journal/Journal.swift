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
    /// The largest size of the file, in bytes; beyond it nothing is recorded until something is trimmed.
    package var maxBytes: Int64 = 64 << 30

    package init() {}
  }

  let database: Database
  let statements: JournalStatements
  var window: DedupeWindow
  /// The sequence of the next record.
  var next: Int64
  /// The last sequence that was trimmed away.
  var trimmed: Int64

  /// Opens the journal at `path`, or makes it.
  package init(path: String, options: Options = Options()) throws(JournalError) {
    do throws(SQLiteError) {
      database = try Database(path: path, busyTimeout: busyTimeout)
      // One process at a time: two hosts on one journal would each count sequences of their own.
      try database.execute("PRAGMA locking_mode = EXCLUSIVE")
      // Of a journal that is there, the size stays what it was.
      try database.execute("PRAGMA page_size = " + SQL(pageBytes))
      try database.useWriteAheadLog(options.synchronous == .full ? .full : .normal)
      database.disableAutomaticCheckpoints()
      try database.execute("PRAGMA cache_size = " + SQL(-cacheKibibytes))
      let pages = try max(options.maxBytes / database.number("PRAGMA page_size"), 1)
      try database.execute("PRAGMA max_page_count = " + SQL(pages))
      try database.migrate(application: JournalSchema.application, steps: JournalSchema.steps)
      statements = try JournalStatements(database)
      trimmed = try database.number("SELECT sequence FROM trimmed")
      next = try max(database.number("SELECT coalesce(max(sequence), 0) FROM records"), trimmed) + 1
      window = DedupeWindow(size: options.dedupeWindow)
      try loadDigests()
    } catch {
      throw JournalError(error)
    }
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
    var digests: [DedupeDigest] = []
    do throws(SQLiteError) {
      let outcomes = try database.transaction { () throws(SQLiteError) in
        var outcomes: [JournalOutcome] = []
        for batch in batches { outcomes.append(try write(batch, &digests)) }
        try record(digests, first: first)
        return outcomes
      }
      window.turn(next: next)
      return outcomes
    } catch {
      next = first
      window.remove(digests)
      throw JournalError(error)
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

  private func write(_ batch: JournalBatch, _ digests: inout [DedupeDigest]) throws(SQLiteError) -> JournalOutcome {
    var outcome = JournalOutcome()
    outcome.appends.reserveCapacity(batch.appends.count)
    for append in batch.appends { outcome.appends.append(try write(append, &digests)) }
    for progress in batch.progress { try write(progress) }
    for failure in batch.failures { try write(failure) }
    for deadLetter in batch.deadLetters { try bury(deadLetter) }
    for state in batch.states { outcome.states.append(try write(state)) }
    return outcome
  }

  private func write(
    _ append: JournalAppend,
    _ digests: inout [DedupeDigest]
  ) throws(SQLiteError) -> JournalOutcome.Append {
    if let digest = append.digest {
      guard window.insert(digest) else { return .duplicate }
      digests.append(digest)
    }
    return .recorded(try insert(append.envelope, target: append.target))
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
