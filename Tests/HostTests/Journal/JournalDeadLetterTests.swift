import Envelope
import Host
import TestSupport
import Testing

@Suite struct JournalDeadLetterTests {
  let fixture: JournalFixture
  let consumer: Int64
  var journal: Journal { fixture.journal }

  init() throws {
    fixture = try JournalFixture()
    consumer = try fixture.journal.consumer(named: "indexer").id
  }

  private func bury(_ sequence: Int64, consumer: Int64) throws {
    var batch = JournalBatch()
    batch.deadLetters = [DeliveryFailure(consumer: consumer, sequence: sequence, attempts: 5, reason: "no \(sequence)")]
    _ = try journal.commit(batch)
  }

  @Test func `a dead letter keeps the envelope, the reason and who could not handle it`() throws {
    try fixture.record("a", "b")
    try bury(2, consumer: consumer)
    _ = try journal.trim(below: .max, olderThan: .max)
    try fixture.reopen()
    let letter = try #require(try journal.deadLetters(limit: 10).first)
    #expect(letter.consumer == consumer)
    #expect(letter.consumerName == "indexer")
    #expect(letter.sequence == 2)
    #expect(letter.attempts == 5)
    #expect(letter.reason == "no 2")
    #expect(letter.died > 0)
    #expect(try Envelope(binary: letter.envelope).id == "b")
    #expect(try journal.deadLetter(letter.id) == letter)
    #expect(try journal.statistics().deadLetters == 1)
  }

  @Test func `the list is paged, and can be of some consumers`() throws {
    let other = try journal.consumer(named: "other").id
    try fixture.record("a", "b", "c")
    for sequence: Int64 in 1...3 { try bury(sequence, consumer: consumer) }
    try bury(3, consumer: other)
    let first = try journal.deadLetters(limit: 3)
    #expect(first.map(\.sequence) == [1, 2, 3])
    #expect(try journal.deadLetters(after: first[2].id, limit: 3).map(\.consumer) == [other])
    #expect(try journal.deadLetters(limit: 10, consumers: [other, 999]).map(\.consumer) == [other])
    #expect(try journal.deadLetters(limit: 10, consumers: []) == [])
    #expect(try journal.deadLetterIDs(of: [other]) == journal.deadLetters(limit: 10, consumers: [other]).map(\.id))
    #expect(try journal.deadLetters(limit: 10, consumers: [other]).map(\.sequence) == [3])
  }

  @Test func `a replay is recorded for that consumer alone, as a replay, and may die again`() throws {
    try fixture.record("a")
    try bury(1, consumer: consumer)
    let letter = try #require(try journal.deadLetters(limit: 1).first)
    #expect(try journal.replay(deadLetter: letter.id) == 2)
    #expect(try journal.replay(deadLetter: letter.id) == nil)
    #expect(try journal.page(after: 1, limit: 10, consumer: consumer + 1).records.isEmpty)
    let record = try #require(try journal.page(after: 1, limit: 10, consumer: consumer).records.first)
    var expected = try Envelope(binary: letter.envelope)
    #expect(expected.origin == .live)
    expected.origin = .replay
    #expect(try Envelope(binary: record.envelope) == expected)
    #expect(try journal.consumer(named: "indexer").attempts.isEmpty)
    try bury(2, consumer: consumer)
    #expect(try journal.deadLetters(limit: 10).map(\.sequence) == [2])
  }

  @Test func `a dead letter can be deleted once`() throws {
    try fixture.record("a")
    try bury(1, consumer: consumer)
    let id = try #require(try journal.deadLetters(limit: 1).first).id
    #expect(try journal.delete(deadLetter: id))
    #expect(try !journal.delete(deadLetter: id))
    #expect(try journal.deadLetter(id) == nil)
  }

  @Test func `burying the same delivery twice leaves one`() throws {
    try fixture.record("a")
    try bury(1, consumer: consumer)
    try bury(1, consumer: consumer)
    #expect(try journal.deadLetters(limit: 10).count == 1)
  }
}
