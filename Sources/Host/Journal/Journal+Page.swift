internal import SQLite

/// Some consecutive records, of which those for one consumer.
package struct JournalPage: Sendable, Hashable {
  package struct Record: Sendable, Hashable {
    package let sequence: Int64
    /// The binary layout.
    package let envelope: [UInt8]
  }

  package var records: [Record] = []
  /// The last sequence that was looked at: what lies up to it and is not in `records` is not for this consumer.
  package var through: Int64
}

/// How much more a page takes.
private struct PageRoom {
  var records: Int
  var bytes: Int

  var isUsedUp: Bool { records <= 0 || bytes <= 0 }
}

extension Journal {
  /// The records after a sequence that are for all, or for this consumer alone.
  ///
  /// At most `limit` records are looked at, and no more are taken once they are `byteLimit` bytes together. Less than
  /// was asked for means the end only if `through` is the newest sequence.
  package func page(
    after sequence: Int64,
    limit: Int,
    consumer: Int64,
    byteLimit: Int = 1 << 20
  ) throws(JournalError) -> JournalPage {
    var page = JournalPage(through: max(sequence, trimmed))
    var room = PageRoom(records: limit, bytes: byteLimit)
    while !room.isUsedUp {
      let run = try nextRun(after: page.through)
      try rethrow { () throws(SQLiteError) in
        try addRows(before: run?.first ?? .max, for: consumer, to: &page, &room)
      }
      guard let run, !room.isUsedUp else { break }
      let records = try records(
        of: run,
        from: max(page.through + 1, run.first),
        limit: room.records,
        byteLimit: room.bytes
      )
      page.records += records
      page.through = records.last?.sequence ?? page.through
      room.records -= records.count
      for record in records { room.bytes -= record.envelope.count }
    }
    return page
  }

  private func addRows(
    before end: Int64,
    for consumer: Int64,
    to page: inout JournalPage,
    _ room: inout PageRoom
  ) throws(SQLiteError) {
    // A run that begins right behind what the page has leaves no place for a row.
    guard end > page.through + 1 else { return }
    try statements.page.forEach(page.through, end, Int64(room.records)) { (row) throws(SQLiteError) in
      let sequence = try row.get(0, as: Int64.self)
      let target = try row.get(1, as: Int64?.self)
      page.through = sequence
      room.records -= 1
      guard target == nil || target == consumer else { return true }
      let record = JournalPage.Record(sequence: sequence, envelope: try row.get(2))
      page.records.append(record)
      room.bytes -= record.envelope.count
      return !room.isUsedUp
    }
  }

  /// The envelopes of deliveries that came to nothing; nil for one that is not there any more.
  ///
  /// `fresh` is what is about to be recorded, under the last sequences.
  func envelopes(of failures: [DeliveryFailure], _ fresh: [JournalAppend]) throws(JournalError) -> [[UInt8]?] {
    let first = next - Int64(fresh.count)
    return try failures.map { (failure) throws(JournalError) in
      let sequence = failure.sequence
      if first..<next ~= sequence { return fresh[Int(sequence - first)].envelope }
      let row = try rethrow { () throws(SQLiteError) in try statements.record.value(sequence, as: [UInt8].self) }
      guard row == nil, let run = try nextRun(after: sequence - 1), run.first <= sequence else { return row }
      return try records(of: run, from: sequence, limit: 1, byteLimit: .max).first?.envelope
    }
  }
}
