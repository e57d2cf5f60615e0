import Host
import SQLite
import TestSupport
import Testing

@Suite struct JournalFailureTests {
  @Test func `a journal at its limit records nothing of a batch, says so, and goes on once trimmed`() throws {
    var options = Journal.Options.quick
    options.maxBytes = 512 << 10
    let fixture = try JournalFixture(options)
    let journal = fixture.journal
    let consumer = try journal.consumer(named: "c", fromStart: true)
    var count: Int64 = 0
    var batch = JournalBatch()
    let error = #expect(throws: JournalError.self) {
      while true {
        batch.appends = try (1...50 as ClosedRange<Int64>).map { try .sample(id: "\(count + $0)") }
        batch.progress = [ConsumerProgress(consumer: consumer.id, settled: SettledSequences(cursor: count))]
        _ = try journal.commit(batch)
        count += 50
      }
    }
    #expect(error?.kind == .full)
    #expect(error?.message.contains(fixture.path) == true)
    #expect(journal.last == count)
    #expect(try journal.page(after: 0, limit: .max >> 1, consumer: 0, byteLimit: .max).through == count)
    #expect(try journal.consumer(named: "c").cursor == count - 50)

    while try journal.trim(below: count, olderThan: .max) > 0 {}
    let again = try journal.commit(batch).appends
    #expect(again == (1...50 as ClosedRange<Int64>).map { .recorded(count + $0) })
  }

  @Test(arguments: [0, 16, 100, 4_096, 20_000])
  func `a damaged file is named, never a crash`(offset: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("journal.sqlite")
    do {
      let journal = try Journal(path: path, options: .quick)
      var batch = JournalBatch()
      batch.appends = try (1...500).map { try .sample(id: "\($0)") }
      _ = try journal.commit(batch)
      _ = try journal.consumer(named: "c")
      try journal.checkpoint()
    }
    var bytes = try directory.read("journal.sqlite")
    for index in offset..<min(offset + 12_000, bytes.count) { bytes[index] = UInt8(truncatingIfNeeded: index &* 7) }
    try directory.write("journal.sqlite", bytes)
    let error = #expect(throws: JournalError.self) {
      let journal = try Journal(path: path, options: .quick)
      _ = try journal.page(after: 0, limit: 1_000, consumer: 0, byteLimit: .max)
      _ = try journal.consumer(named: "c")
      _ = try journal.statistics()
    }
    #expect(error?.kind == .damaged)
    #expect(error?.message.contains(path) == true)
  }

  @Test func `a second host is told that the journal is in use`() throws {
    let fixture = try JournalFixture()
    try fixture.record("a")
    let error = #expect(throws: JournalError.self) { try Journal(path: fixture.path) }
    #expect(error?.kind == .inUse)
  }

  @Test func `a newer journal is refused`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("journal.sqlite")
    _ = try Journal(path: path)
    try Database(path: path).execute("PRAGMA user_version = 99")
    let error = #expect(throws: JournalError.self) { try Journal(path: path) }
    #expect(error?.kind == .newer)
    #expect(error?.message.contains("found 99") == true)
  }

  @Test func `a directory that is not there is named`() {
    let error = #expect(throws: JournalError.self) { try Journal(path: "/nowhere/journal.sqlite") }
    #expect(error?.kind == .unavailable)
    #expect(error?.message.contains("/nowhere/journal.sqlite") == true)
  }
}
