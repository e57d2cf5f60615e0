internal import SQLite

/// How far an erasure has come in the journal.
package enum ErasurePlace: Sendable, Hashable {
  /// The records behind a sequence.
  case records(after: Int64)
  /// The dead letters behind an id, and then what is said of failures.
  case deadLetters(after: Int64)
  /// What is left in files of records that no record lies in any more, from this byte on.
  case trimmed(from: Int64)
  /// What is left in the database; whether that has begun.
  case database(isBegun: Bool)
}

/// What one step of an erasure in the journal has found.
package struct ErasureFindings: Sendable, Hashable {
  package var records = 0
  package var deadLetters = 0
  /// Messages of the person's that the records tell of.
  package var involved: [Involvement] = []
  /// Where it goes on; nil: it is done.
  package var next: ErasurePlace?
}

extension Journal {
  /// Records that are looked through in one step, and their bytes: some milliseconds, and as long as a commit.
  private static let stepRecords = 256
  private static let stepBytes = RecordRun.bytesMax
  private static let stepLetters: Int64 = 32
  /// Up to so many bytes the database is written anew in the end; of a larger one only unused pages are overwritten.
  ///
  /// Writing it anew takes memory and time as it has bytes: half a second at most.
  static let rewrittenMax: Int64 = 32 << 20

  /// Does one step of erasing what there is of somebody; or, where `isDry`, only looks.
  ///
  /// An erased record keeps its sequence and its length, and nobody is given it. Whenever the process ends, doing all
  /// steps again does what is left.
  package func erase(
    _ person: Person,
    from place: ErasurePlace,
    isDry: Bool = false,
    rewrittenMax: Int64 = rewrittenMax
  ) throws(JournalError) -> ErasureFindings {
    switch place {
    case .records(let sequence): return try eraseRecords(of: person, after: sequence, isDry)
    case .deadLetters(let id): return try eraseDeadLetters(of: person, after: id, isDry)
    case .trimmed(let byte): return try eraseTrimmed(from: byte)
    case .database(let isBegun): return try eraseDatabase(isBegun, rewrittenMax)
    }
  }

  // MARK: - Records

  private func eraseRecords(
    of person: Person,
    after sequence: Int64,
    _ isDry: Bool
  ) throws(JournalError) -> ErasureFindings {
    var findings = ErasureFindings()
    let run = try nextRun(after: sequence)
    let rows = try rows(after: sequence, before: run?.first ?? .max)
    if let last = rows.last {
      try eraseRows(rows, of: person, isDry, &findings)
      findings.next = .records(after: last.sequence)
    } else if let run {
      try eraseRun(run, of: person, isDry, &findings)
      findings.next = .records(after: run.last)
    } else {
      findings.next = .deadLetters(after: 0)
    }
    return findings
  }

  private func rows(after sequence: Int64, before end: Int64) throws(JournalError) -> [JournalPage.Record] {
    var (rows, bytes): ([JournalPage.Record], Int) = ([], 0)
    try rethrow { () throws(SQLiteError) in
      try statements.page.forEach(sequence, end, Int64(Self.stepRecords)) { (row) throws(SQLiteError) in
        let record = JournalPage.Record(sequence: try row.get(0), envelope: try row.get(2))
        rows.append(record)
        bytes += record.envelope.count
        return bytes < Self.stepBytes
      }
    }
    return rows
  }

  private func eraseRows(
    _ rows: [JournalPage.Record],
    of person: Person,
    _ isDry: Bool,
    _ findings: inout ErasureFindings
  ) throws(JournalError) {
    var erased: [JournalPage.Record] = []
    for row in rows {
      var envelope = row.envelope
      guard let involvement = person.erase(&envelope)?.involvement else { continue }
      findings.note(involvement)
      erased.append(.init(sequence: row.sequence, envelope: envelope))
    }
    guard !isDry, !erased.isEmpty else { return }
    try rethrow { () throws(SQLiteError) in
      let update = try database.prepare("UPDATE records SET envelope = ? WHERE sequence = ?")
      try database.transaction { () throws(SQLiteError) in
        for row in erased { try update.run(row.envelope, row.sequence) }
      }
    }
  }

  /// Writes over the records of a run where they lie: first their topics alone, so that nobody is ever given a record of
  /// which half is erased.
  private func eraseRun(
    _ run: RecordRun,
    of person: Person,
    _ isDry: Bool,
    _ findings: inout ErasureFindings
  ) throws(JournalError) {
    var (first, second): ([RecordFiles.Patch], [RecordFiles.Patch]) = ([], [])
    var offset = run.place.offset
    for record in try records(of: run, from: run.first, limit: .max, byteLimit: .max) {
      defer { offset += Int64(record.envelope.count) }
      var envelope = record.envelope
      guard let (unaddressed, involvement) = person.erase(&envelope) else { continue }
      findings.note(involvement)
      first.append(.init(offset: offset, bytes: unaddressed))
      second.append(.init(offset: offset, bytes: envelope))
    }
    guard !isDry else { return }
    try files.overwrite(run.place.file, first)
    try files.overwrite(run.place.file, second)
  }

  // MARK: - Dead letters

  /// Removes dead letters: there is nothing left to replay, and the reason may quote what could not be handled.
  private func eraseDeadLetters(
    of person: Person,
    after id: Int64,
    _ isDry: Bool
  ) throws(JournalError) -> ErasureFindings {
    var findings = ErasureFindings()
    let letters = try deadLetters(after: id, limit: Int(Self.stepLetters))
    for letter in letters {
      let involvement = person.involvement(in: letter.envelope)
      // What names somebody in another tenant's reason is another's: ids of a provider's are the same in all its tenants.
      guard involvement != nil || person.isOfTenant(letter.envelope) && person.isNamed(in: letter.reason) else {
        continue
      }
      findings.deadLetters += 1
      if let involvement { findings.involved.append(involvement) }
      if !isDry { _ = try delete(deadLetter: letter.id) }
    }
    if let last = letters.last {
      findings.next = .deadLetters(after: last.id)
    } else if !isDry {
      try eraseReasons(naming: person)
      findings.next = .trimmed(from: 0)
    }
    return findings
  }

  /// Blanks reasons of failures that name the person, whichever tenant's they are: they are for people to read, and what
  /// is to be handled again is so without.
  private func eraseReasons(naming person: Person) throws(JournalError) {
    try rethrow { () throws(SQLiteError) in
      var found: [(consumer: Int64, sequence: Int64)] = []
      try database.prepare("SELECT consumer, sequence, reason FROM failures").forEach { (row) throws(SQLiteError) in
        let reason: String = try row.get(2)
        if person.isNamed(in: reason) { found.append((try row.get(0), try row.get(1))) }
        return true
      }
      let update = try database.prepare("UPDATE failures SET reason = 'erased' WHERE consumer = ? AND sequence = ?")
      for failure in found { try update.run(failure.consumer, failure.sequence) }
    }
  }

  // MARK: - What is left behind

  private func eraseTrimmed(from byte: Int64) throws(JournalError) -> ErasureFindings {
    var findings = ErasureFindings()
    if byte == 0 { try files.cutRemains() }
    let done = try nextRun(after: trimmed).map { (run) throws(JournalError) in
      try files.overwriteTrimmed(before: run.place, from: byte)
    }
    findings.next = (done ?? nil).map { .trimmed(from: $0) } ?? .database(isBegun: false)
    return findings
  }

  private func eraseDatabase(_ isBegun: Bool, _ rewrittenMax: Int64) throws(JournalError) -> ErasureFindings {
    try rethrow { () throws(SQLiteError) in
      var findings = ErasureFindings()
      if !isBegun, try database.bytesOfFile() <= rewrittenMax {
        try database.rewrite()
      } else if try database.overwriteUnused(isFirst: !isBegun) {
        findings.next = .database(isBegun: true)
      }
      if findings.next == nil { try database.checkpoint() }
      return findings
    }
  }
}

extension ErasureFindings {
  fileprivate mutating func note(_ involvement: Involvement) {
    records += 1
    if involvement != Involvement() { involved.append(involvement) }
  }
}
