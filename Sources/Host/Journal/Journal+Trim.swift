internal import SQLite

/// How much a journal holds.
package struct JournalStatistics: Sendable, Hashable {
  package let records: Int64
  package let deadLetters: Int64
  /// Bytes of the file that are in use; what is trimmed is used again and not given back.
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
  /// A record goes when its sequence is below `sequence` and the host took it before `ts`, nanoseconds since 1970 UTC.
  /// Digests go when they are out of the dedupe window, whether their records are there or not. It is for the caller to
  /// know what a consumer still needs.
  ///
  /// - Returns: how many records went; as many as `limit` means that there may be more.
  package func trim(below sequence: Int64, olderThan ts: Int64, limit: Int = 512) throws(JournalError) -> Int {
    let removed = try rethrow { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        try trimDigests(limit: limit)
        let old = try heads(below: sequence, limit: limit).prefix { $0.ts < ts }
        guard let last = old.last?.sequence else { return (0, trimmed) }
        try database.prepare("DELETE FROM records WHERE sequence <= ?").run(last)
        try database.prepare("UPDATE trimmed SET sequence = ?").run(last)
        return (old.count, last)
      }
    }
    trimmed = removed.1
    return removed.0
  }

  package func statistics() throws(JournalError) -> JournalStatistics {
    try rethrow { () throws(SQLiteError) in
      let pages = try database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count")
      return JournalStatistics(
        records: last - trimmed,
        deadLetters: try database.number("SELECT count(*) FROM dead_letters"),
        bytes: try pages * database.number("PRAGMA page_size"),
        oldest: try heads(below: .max, limit: 1).first,
        lowestCursor: try database.prepare("SELECT min(cursor) FROM consumers").value(as: Int64?.self) ?? nil
      )
    }
  }

  private func trimDigests(limit: Int) throws(SQLiteError) {
    try database.prepare(
      "DELETE FROM digests WHERE first IN (SELECT first FROM digests WHERE first < ? ORDER BY first LIMIT ?)"
    ).run(window.start, Int64(limit))
  }

  private func heads(below sequence: Int64, limit: Int) throws(SQLiteError) -> [JournalStatistics.Oldest] {
    try statements.heads.all(sequence, Int64(limit)) { (row) throws(SQLiteError) in
      let sequence = try row.get(0, as: Int64.self)
      let time = try row.get(1, as: [UInt8].self)
      guard time.count == 8 else { throw damaged("record \(sequence) holds no envelope") }
      let ts = time.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return JournalStatistics.Oldest(sequence: sequence, ts: Int64(bitPattern: ts))
    }
  }
}
