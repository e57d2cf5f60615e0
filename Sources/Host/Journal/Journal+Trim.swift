internal import SQLite

/// How much a journal holds.
package struct JournalStatistics: Sendable, Hashable {
  package let records: Int64
  package let deadLetters: Int64
  /// Bytes of its files that are in use; what is trimmed of the database is used again and not given back.
  package let bytes: Int64
  /// The lowest sequence that is left, and when the host took it, in nanoseconds since 1970 UTC; nil: there is no
  /// record.
  package let oldest: Oldest?
  /// The lowest cursor of all consumers: up to it nobody needs anything; nil: there is no consumer.
  package let lowestCursor: Int64?

  package struct Oldest: Sendable, Hashable {
    package let sequence: Int64
    package let ts: Int64
  }
}

extension Journal {
  /// Removes the oldest records, in one step that is short enough to come between two commits.
  ///
  /// A record goes when its sequence is below `sequence` and the host took it before `ts`, nanoseconds since 1970 UTC;
  /// those of a run go together, or stay. At most `limit` rows go, or a run that is next, whole. Digests go when they
  /// are out of the dedupe window, whether their records are there or not. It is for the caller to know what a consumer
  /// still needs.
  ///
  /// - Returns: how many records went; none means that there are no more.
  package func trim(below sequence: Int64, olderThan ts: Int64, limit: Int = 512) throws(JournalError) -> Int {
    let run = try nextRun(after: trimmed)
    let end = try lastToGo(run, below: sequence, olderThan: ts, limit: limit)
    try rethrow { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        try trimDigests(limit: limit)
        guard end > trimmed else { return }
        try database.prepare("DELETE FROM records WHERE sequence <= ?").run(end)
        try database.prepare("DELETE FROM runs WHERE last <= ?").run(end)
        try database.prepare("UPDATE trimmed SET sequence = ?").run(end)
      }
    }
    defer { trimmed = end }
    if end == run?.last { try removeFiles() }
    return Int(end - trimmed)
  }

  /// The last of the oldest records that may go in one step, up to which all go; `run` is the first run that is left.
  private func lastToGo(
    _ run: RecordRun?,
    below sequence: Int64,
    olderThan ts: Int64,
    limit: Int
  ) throws(JournalError) -> Int64 {
    if let run, run.first == trimmed + 1 {
      guard run.last < sequence, try time(ofRecord: run.sizes.count - 1, of: run) < ts else { return trimmed }
      return run.last
    }
    let end = min(sequence, run?.first ?? .max)
    let found = try rethrow { () throws(SQLiteError) in try rows(below: end, limit: limit) }
    return found.prefix { $0.ts < ts }.last?.sequence ?? trimmed
  }

  package func statistics() throws(JournalError) -> JournalStatistics {
    let run = try nextRun(after: trimmed)
    let head = try run.map { (run) throws(JournalError) in
      JournalStatistics.Oldest(sequence: run.first, ts: try time(ofRecord: 0, of: run))
    }
    return try rethrow { () throws(SQLiteError) in
      let row = try rows(below: .max, limit: 1).first
      return JournalStatistics(
        records: last - trimmed,
        deadLetters: try database.number("SELECT count(*) FROM dead_letters"),
        bytes: try bytesOfDatabase() + files.bytes,
        oldest: [head, row].compactMap(\.self).min { $0.sequence < $1.sequence },
        lowestCursor: try database.prepare("SELECT min(cursor) FROM consumers").value(as: Int64?.self) ?? nil
      )
    }
  }

  private func trimDigests(limit: Int) throws(SQLiteError) {
    try database.prepare(
      "DELETE FROM digests WHERE first IN (SELECT first FROM digests WHERE first < ? ORDER BY first LIMIT ?)"
    ).run(window.start, Int64(limit))
  }

  private func rows(below sequence: Int64, limit: Int) throws(SQLiteError) -> [JournalStatistics.Oldest] {
    try statements.heads.all(sequence, Int64(limit)) { (row) throws(SQLiteError) in
      let sequence = try row.get(0, as: Int64.self)
      guard let ts = Self.time(try row.get(1)) else { throw damaged("record \(sequence) holds no envelope") }
      return JournalStatistics.Oldest(sequence: sequence, ts: ts)
    }
  }

  /// When the host took a record of a run, counted from 0.
  private func time(ofRecord index: Int, of run: RecordRun) throws(JournalError) -> Int64 {
    var place = run.place
    place.offset += run.offset(of: index) + Int64(timeOffset)
    let bytes = try files.read(place, count: timeBytes)
    guard let ts = Self.time(bytes) else { throw JournalError(damaged("record \(run.first) holds no envelope")) }
    return ts
  }

  private static func time(_ bytes: [UInt8]) -> Int64? {
    guard bytes.count == timeBytes else { return nil }
    return Int64(bitPattern: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// Removes the files that no run lies in any more, and gives their room to the database.
  private func removeFiles() throws(JournalError) {
    let oldest = try rethrow { () throws(SQLiteError) in try Self.oldestFile(database) }
    files.remove(before: oldest)
    try shareRoom()
  }

  /// Bytes of the database that are in use.
  func bytesOfDatabase() throws(SQLiteError) -> Int64 {
    let pages = try database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count")
    return try pages * database.number("PRAGMA page_size")
  }

  /// Leaves to the database what the files beside it have not used.
  func shareRoom() throws(JournalError) {
    try rethrow { () throws(SQLiteError) in
      let pages = try max((maxBytes - files.bytes) / database.number("PRAGMA page_size"), 1)
      try database.execute("PRAGMA max_page_count = " + SQL(pages))
    }
  }
}

/// Where in the binary layout the time stands at which the host took the envelope, and how long it is, in bytes.
private let timeOffset = 8
private let timeBytes = 8
