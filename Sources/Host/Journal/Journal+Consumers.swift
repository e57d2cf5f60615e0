internal import SQLite

/// A consumer as the journal knows it.
package struct ConsumerRecord: Sendable, Hashable {
  package let id: Int64
  package let name: String
  package let settled: SettledSequences
  /// How often each envelope was delivered in vain, of those that are not settled.
  package let attempts: [Int64: UInt32]
  /// What its members have subscribed to while they ran.
  package let patterns: [String]

  /// Everything up to and including this sequence is settled.
  package var cursor: Int64 { settled.cursor }
}

extension Journal {
  /// The consumer of that name, which is made if there is none.
  ///
  /// A new one begins behind the newest record, or, with `fromStart`, before the oldest that is left.
  package func consumer(named name: String, fromStart: Bool = false) throws(JournalError) -> ConsumerRecord {
    try rethrow { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        try database.prepare("INSERT OR IGNORE INTO consumers (name, cursor, settled) VALUES (?, ?, x'')")
          .run(name, fromStart ? trimmed : last)
        let found = try consumers(
          database.prepare("SELECT id, name, cursor, settled FROM consumers WHERE name = ?"),
          name
        )
        guard let consumer = found.first else { throw damaged("consumer \(name) is gone as soon as written") }
        return consumer
      }
    }
  }

  /// All consumers, whether or not anything runs under their names now.
  package func consumers() throws(JournalError) -> [ConsumerRecord] {
    try rethrow { () throws(SQLiteError) in
      try consumers(database.prepare("SELECT id, name, cursor, settled FROM consumers ORDER BY id"))
    }
  }

  /// Remembers a pattern that a member of a consumer subscribes to.
  package func remember(_ pattern: String, of consumer: Int64) throws(JournalError) {
    try rethrow { () throws(SQLiteError) in
      try database.prepare("INSERT OR IGNORE INTO patterns (consumer, pattern) VALUES (?, ?)").run(consumer, pattern)
    }
  }

  /// Forgets a consumer, its patterns, its failures and its dead letters.
  package func remove(consumer id: Int64) throws(JournalError) {
    try rethrow { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        try database.prepare("DELETE FROM patterns WHERE consumer = ?").run(id)
        try database.prepare("DELETE FROM failures WHERE consumer = ?").run(id)
        try database.prepare("DELETE FROM dead_letters WHERE consumer = ?").run(id)
        try database.prepare("DELETE FROM consumers WHERE id = ?").run(id)
      }
    }
  }

  func write(_ progress: ConsumerProgress) throws(SQLiteError) {
    let settled = progress.settled
    try statements.updateConsumer.run(settled.cursor, settled.encodedRanges, progress.consumer)
    guard database.changes == 1 else {
      throw SQLiteError(misuse: "there is no consumer \(progress.consumer)", path: path)
    }
    try statements.removeFailures.run(progress.consumer, settled.cursor)
  }

  func write(_ failure: DeliveryFailure) throws(SQLiteError) {
    try statements.putFailure.run(failure.consumer, failure.sequence, Int64(failure.attempts), failure.reason)
  }

  private func consumers<each Value: SQLiteValue>(
    _ statement: Statement,
    _ values: repeat each Value
  ) throws(SQLiteError) -> [ConsumerRecord] {
    let failures = try database.prepare("SELECT sequence, attempts FROM failures WHERE consumer = ?")
    let patterns = try database.prepare("SELECT pattern FROM patterns WHERE consumer = ? ORDER BY pattern")
    return try statement.all(repeat each values) { (row) throws(SQLiteError) in
      let id = try row.get(0, as: Int64.self)
      let cursor = try row.get(2, as: Int64.self)
      guard let settled = SettledSequences(cursor: cursor, encodedRanges: try row.get(3)) else {
        throw damaged("consumer \(id): a list of settled sequences that is none")
      }
      var attempts: [Int64: UInt32] = [:]
      try failures.forEach(id) { (row) throws(SQLiteError) in
        let sequence = try row.get(0, as: Int64.self)
        let count = try row.get(1, as: Int64.self)
        if !settled.contains(sequence) { attempts[sequence] = UInt32(clamping: count) }
        return true
      }
      return ConsumerRecord(
        id: id,
        name: try row.get(1),
        settled: settled,
        attempts: attempts,
        patterns: try patterns.all(id) { (row) throws(SQLiteError) in try row.get(0, as: String.self) }
      )
    }
  }

  /// An error about content that the schema allows and the journal never writes.
  func damaged(_ message: String) -> SQLiteError {
    SQLiteError(damaged: message, path: path)
  }
}
