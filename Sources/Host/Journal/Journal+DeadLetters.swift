internal import CEnvelope
internal import Envelope
internal import Glibc
internal import SQLite

/// An envelope that a consumer could not handle.
package struct DeadLetter: Sendable, Hashable {
  package let id: Int64
  package let consumer: Int64
  package let consumerName: String
  /// The sequence under which it was delivered.
  package let sequence: Int64
  package let attempts: UInt32
  package let reason: String
  /// When it was given up, in nanoseconds since 1970 UTC.
  package let died: Int64
  /// The binary layout.
  package let envelope: [UInt8]
}

extension Journal {
  /// The dead letters after an id, oldest first, of some consumers or of all.
  package func deadLetters(
    after id: Int64 = 0,
    limit: Int,
    consumers: [Int64]? = nil
  ) throws(JournalError) -> [DeadLetter] {
    try rethrow { () throws(SQLiteError) in
      try database.prepare(
        deadLetterColumns + """
           WHERE d.id > ?1 AND (?2 IS NULL OR consumer IN (SELECT value FROM json_each(?2))) ORDER BY d.id LIMIT ?3
          """
      )
      .all(id, consumers.map { "\($0)" }, Int64(limit), map: deadLetter)
    }
  }

  /// The ids of all dead letters of some consumers, oldest first.
  package func deadLetterIDs(of consumers: [Int64]) throws(JournalError) -> [Int64] {
    try rethrow { () throws(SQLiteError) in
      try database.prepare("SELECT id FROM dead_letters WHERE consumer IN (SELECT value FROM json_each(?)) ORDER BY id")
        .all("\(consumers)") { (row) throws(SQLiteError) in try row.get(0, as: Int64.self) }
    }
  }

  /// One dead letter; nil if there is none of that id.
  package func deadLetter(_ id: Int64) throws(JournalError) -> DeadLetter? {
    try rethrow { () throws(SQLiteError) in
      try database.prepare(deadLetterColumns + " WHERE d.id = ?").first(id, map: deadLetter)
    }
  }

  /// Records a dead letter again, for its consumer alone, as an envelope of origin replay with no attempts behind it.
  ///
  /// The dead letter goes in the same transaction. Returns the new sequence; nil if there is no such dead letter.
  package func replay(deadLetter id: Int64) throws(JournalError) -> Int64? {
    let first = next
    do throws(SQLiteError) {
      return try database.transaction { () throws(SQLiteError) in
        let found = try database.prepare(deadLetterColumns + " WHERE d.id = ?").first(id, map: deadLetter)
        guard let found else { return nil }
        var envelope = found.envelope
        guard envelope.count >= Int(ENVELOPE_HEAD_SIZE) else { throw damaged("dead letter \(id) holds no envelope") }
        envelope[originOffset] = Envelope.Origin.replay.rawValue
        try database.prepare("DELETE FROM dead_letters WHERE id = ?").run(id)
        return try insert(envelope, target: found.consumer)
      }
    } catch {
      next = first
      throw JournalError(error)
    }
  }

  /// Removes a dead letter; false if there was none of that id.
  package func delete(deadLetter id: Int64) throws(JournalError) -> Bool {
    try rethrow { () throws(SQLiteError) in
      try database.prepare("DELETE FROM dead_letters WHERE id = ?").run(id)
      return database.changes == 1
    }
  }

  func bury(_ failure: DeliveryFailure, _ envelope: [UInt8]) throws(SQLiteError) {
    try statements.bury.run(
      failure.consumer,
      failure.sequence,
      Int64(failure.attempts),
      failure.reason,
      HostClock.realtime,
      envelope
    )
  }

  private func deadLetter(_ row: borrowing Row) throws(SQLiteError) -> DeadLetter {
    DeadLetter(
      id: try row.get(0),
      consumer: try row.get(1),
      consumerName: try row.get(2),
      sequence: try row.get(3),
      attempts: UInt32(clamping: try row.get(4, as: Int64.self)),
      reason: try row.get(5),
      died: try row.get(6),
      envelope: try row.get(7)
    )
  }
}

private let deadLetterColumns: SQL = """
  SELECT d.id, consumer, name, sequence, attempts, reason, died, envelope
  FROM dead_letters d JOIN consumers c ON c.id = consumer
  """

/// Where the origin stands in the binary layout.
private let originOffset = 6
