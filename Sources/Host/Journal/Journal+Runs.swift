internal import SQLite

/// Consecutive records that lie in a file beside the database, one behind the other.
struct RecordRun {
  let first: Int64
  let place: RecordFiles.Place
  /// The bytes of each record.
  let sizes: [UInt32]

  var last: Int64 { first + Int64(sizes.count) - 1 }
  var bytes: Int64 { offset(of: sizes.count) }

  /// Where a record begins, counted from 0, in bytes from where the run does.
  func offset(of index: Int) -> Int64 { sizes[..<index].reduce(0) { $0 + Int64($1) } }
}

extension RecordRun {
  /// What is so small is written into the database, with what else a transaction writes: a file would cost a second
  /// wait for the disk, which outweighs what it saves.
  static let bytesMin = 64 << 10
  /// Bytes after which a run ends, so that reading one never takes much.
  static let bytesMax = 1 << 20
  /// Four bytes a size, the lowest first.
  static let bytesOfSize = 4

  init(_ row: borrowing Row) throws(SQLiteError) {
    first = try row.get(0)
    place = RecordFiles.Place(file: try row.get(1), offset: try row.get(2))
    let bytes: [UInt8] = try row.get(3)
    sizes = stride(from: 0, through: bytes.count - Self.bytesOfSize, by: Self.bytesOfSize).map { at in
      bytes[at..<at + Self.bytesOfSize].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
  }

  var encodedSizes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(sizes.count * Self.bytesOfSize)
    for size in sizes {
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
    }
    return bytes
  }
}

/// Records that are about to be written, under consecutive sequences.
struct RecordPlan {
  /// What goes into the database, a row for each.
  var rows: [(sequence: Int64, append: JournalAppend)] = []
  /// What is in a file already, and in the database once the transaction names it.
  var runs: [RecordRun] = []
}

extension Journal {
  /// Decides where records are to lie, and writes those that go into a file.
  ///
  /// A row for each record is left for those of small commits, and for those that are for one consumer alone.
  func plan(_ appends: [JournalAppend], from first: Int64) throws(JournalError) -> RecordPlan {
    var plan = RecordPlan()
    var start = 0
    while start < appends.count {
      var (end, bytes) = (start, 0)
      while end < appends.count, appends[end].target == nil, bytes < RecordRun.bytesMax {
        bytes += appends[end].envelope.count
        end += 1
      }
      if usesFiles, bytes >= RecordRun.bytesMin {
        plan.runs.append(try write(appends[start..<end], from: first + Int64(start), bytes: bytes))
      } else {
        // One that has a target is a piece of its own.
        end = max(end, start + 1)
        for index in start..<end { plan.rows.append((first + Int64(index), appends[index])) }
      }
      start = end
    }
    if !plan.runs.isEmpty { try files.synchronize() }
    return plan
  }

  private func write(
    _ appends: ArraySlice<JournalAppend>,
    from first: Int64,
    bytes: Int
  ) throws(JournalError) -> RecordRun {
    var records: [UInt8] = []
    records.reserveCapacity(bytes)
    for append in appends { records += append.envelope }
    let inUse = try rethrow { () throws(SQLiteError) in try bytesOfDatabase() }
    let place = try files.append(records, room: maxBytes - inUse)
    return RecordRun(first: first, place: place, sizes: appends.map { UInt32($0.envelope.count) })
  }

  func insert(_ plan: RecordPlan) throws(SQLiteError) {
    for (sequence, append) in plan.rows { try statements.insertRecord.run(sequence, append.target, append.envelope) }
    for run in plan.runs {
      try statements.insertRun.run(run.first, run.last, run.place.file, run.place.offset, run.encodedSizes)
    }
  }

  /// The first run that holds something after a sequence.
  func nextRun(after sequence: Int64) throws(JournalError) -> RecordRun? {
    try rethrow { () throws(SQLiteError) in
      try statements.nextRun.first(sequence) { (row) throws(SQLiteError) in try RecordRun(row) }
    }
  }

  /// Some records of a run, from `first` on: at most `limit`, and no more once they are `byteLimit` bytes together.
  func records(
    of run: RecordRun,
    from first: Int64,
    limit: Int,
    byteLimit: Int
  ) throws(JournalError) -> [JournalPage.Record] {
    let skipped = Int(first - run.first)
    var (end, bytes) = (skipped, 0)
    while end < run.sizes.count, end - skipped < limit, bytes < byteLimit {
      bytes += Int(run.sizes[end])
      end += 1
    }
    var place = run.place
    place.offset += run.offset(of: skipped)
    let read = try files.read(place, count: bytes)
    var at = 0
    return (skipped..<end).map { index in
      defer { at += Int(run.sizes[index]) }
      return .init(sequence: run.first + Int64(index), envelope: Array(read[at..<at + Int(run.sizes[index])]))
    }
  }

  /// The first file that a run lies in; nil: there is no run.
  static func oldestFile(_ database: Database) throws(SQLiteError) -> Int64? {
    try database.prepare("SELECT file FROM runs ORDER BY first LIMIT 1").value(as: Int64.self)
  }

  /// The files of the runs that the database names.
  static func files(of path: String, _ database: Database) throws(JournalError) -> RecordFiles {
    let (oldest, newest): (Int64?, RecordRun?)
    do throws(SQLiteError) {
      oldest = try oldestFile(database)
      newest = try database.prepare("SELECT first, file, offset, sizes FROM runs ORDER BY first DESC LIMIT 1")
        .first { (row) throws(SQLiteError) in try RecordRun(row) }
    } catch {
      throw JournalError(error)
    }
    let end = newest.map { RecordFiles.Place(file: $0.place.file, offset: $0.place.offset + $0.bytes) }
    return try RecordFiles(directory: "\(path)-records", oldest: oldest, end: end ?? .init(file: 1, offset: 0))
  }
}
