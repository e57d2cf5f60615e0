import Envelope
import Host
import TestSupport
import Testing

@Suite struct JournalTests {
  let fixture: JournalFixture
  var journal: Journal { fixture.journal }

  init() throws {
    fixture = try JournalFixture()
  }

  @Test func `envelopes come back in the order and the bytes in which they were recorded`() throws {
    let append = try JournalAppend.sample(id: "a")
    #expect(try fixture.record("a", "b") == [.recorded(1), .recorded(2)])
    #expect(try fixture.record("c") == [.recorded(3)])
    let page = try journal.page(after: 0, limit: 10, consumer: 0)
    #expect(page.records.map(\.sequence) == [1, 2, 3])
    #expect(page.records.first?.envelope == append.envelope)
    #expect(page.through == 3)
    #expect(try fixture.ids(after: 1, limit: 1) == ["b"])
  }

  @Test func `a copy is not recorded, neither in the same batch nor in a later one nor after a restart`() throws {
    #expect(try fixture.record("a", "b", "a") == [.recorded(1), .recorded(2), .duplicate])
    #expect(try fixture.record("b") == [.duplicate])
    try fixture.reopen()
    #expect(try fixture.record("a", "c") == [.duplicate, .recorded(3)])
    #expect(try fixture.ids() == ["a", "b", "c"])
  }

  @Test func `envelopes without a digest are all recorded`() throws {
    var batch = JournalBatch()
    batch.appends = try [.sample(id: "a"), .sample(id: "a")]
    for index in batch.appends.indices { batch.appends[index].digest = nil }
    #expect(try journal.commit(batch).appends == [.recorded(1), .recorded(2)])
  }

  @Test func `the same id of another source, provider or tenant is another envelope`() {
    let digests: Set = [
      DedupeDigest(src: "a", provider: "b", tenant: "c", id: "d"),
      DedupeDigest(src: "ab", provider: "", tenant: "c", id: "d"),
      DedupeDigest(src: "a", provider: "bc", tenant: "", id: "d"),
      DedupeDigest(src: "a", provider: "b", tenant: "", id: "cd"),
    ]
    #expect(digests.count == 4)
    #expect(digests.contains(DedupeDigest(src: "a", provider: "b", tenant: "c", id: "d")))
  }

  @Test func `a digest is known for the whole window and not for ever`() throws {
    var options = Journal.Options.quick
    options.dedupeWindow = 4
    try fixture.reopen(options)
    for id in 1...4 { try fixture.record("\(id)") }
    #expect(try fixture.record("1") == [.duplicate])
    for id in 5...8 { try fixture.record("\(id)") }
    try fixture.reopen(options)
    #expect(try fixture.record("5", "8") == [.duplicate, .duplicate])
    #expect(try fixture.record("1") == [.recorded(9)])
  }

  @Test func `a targeted envelope reaches that consumer alone, and the others' pages pass it`() throws {
    try fixture.record("for all")
    try fixture.record("for 7", target: 7)
    #expect(try fixture.ids(consumer: 7) == ["for all", "for 7"])
    #expect(try fixture.ids(consumer: 8) == ["for all"])
    #expect(try journal.page(after: 0, limit: 10, consumer: 8).through == 2)
  }

  @Test func `a page ends at its limit of records and of bytes, and the next goes on`() throws {
    for id in 1...5 { try fixture.record("\(id)") }
    #expect(try fixture.ids(limit: 2) == ["1", "2"])
    let page = try journal.page(after: 2, limit: 10, consumer: 0, byteLimit: 1)
    #expect(page.records.map(\.sequence) == [3])
    #expect(page.through == 3)
    let end = try journal.page(after: 5, limit: 10, consumer: 0)
    #expect(end.records.isEmpty)
    #expect(end.through == 5)
  }

  @Test func `trimming takes what is below and old, and keeps the numbers and the dedupe window`() throws {
    var batch = JournalBatch()
    batch.appends = try (1...6).map { try .sample(id: "\($0)", ts: Int64($0)) }
    _ = try journal.commit(batch)
    #expect(try journal.trim(below: 5, olderThan: 4) == 3)
    #expect(try fixture.ids() == ["4", "5", "6"])
    #expect(try journal.trim(below: 5, olderThan: 100) == 1)
    #expect(try journal.trim(below: 100, olderThan: 100, limit: 1) == 1)
    #expect(try journal.trim(below: 100, olderThan: 100) == 1)
    #expect(try journal.trim(below: 100, olderThan: 100) == 0)
    try fixture.reopen()
    #expect(try fixture.record("1", "7") == [.duplicate, .recorded(7)])
    #expect(try journal.page(after: 0, limit: 10, consumer: 0).records.map(\.sequence) == [7])
  }

  @Test func `trimming removes the digests that fell out of the window`() throws {
    var options = Journal.Options.quick
    options.dedupeWindow = 2
    try fixture.reopen(options)
    for id in 1...8 { try fixture.record("\(id)") }
    _ = try journal.trim(below: 0, olderThan: 0)
    try fixture.reopen()
    // The window is larger now: what it finds on the disk is what trimming has left there.
    let known = try (1...8).filter { try fixture.record("\($0)") == [.duplicate] }
    #expect(known == [7, 8])
  }

  @Test func `statistics say how much there is, and who is last`() throws {
    #expect(try journal.statistics().oldest == nil)
    #expect(try journal.statistics().lowestCursor == nil)
    try fixture.record("a", "b")
    _ = try journal.consumer(named: "late", fromStart: true)
    _ = try journal.consumer(named: "new")
    let statistics = try journal.statistics()
    #expect(statistics.records == 2)
    #expect(statistics.bytes > 0)
    #expect(statistics.oldest?.sequence == 1)
    #expect(statistics.oldest?.ts == 1_000)
    #expect(statistics.lowestCursor == 0)
  }
}
