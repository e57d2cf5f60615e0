import Host
import TestSupport
import Testing

@Suite struct JournalConsumerTests {
  let fixture: JournalFixture
  var journal: Journal { fixture.journal }

  init() throws {
    fixture = try JournalFixture()
  }

  private func commit(_ build: (inout JournalBatch) -> Void) throws {
    var batch = JournalBatch()
    build(&batch)
    _ = try journal.commit(batch)
  }

  @Test func `a new consumer begins at the end, or at the start if told so`() throws {
    try fixture.record("a", "b")
    #expect(try journal.consumer(named: "end").cursor == 2)
    #expect(try journal.consumer(named: "start", fromStart: true).cursor == 0)
    try fixture.record("c")
    #expect(try journal.consumer(named: "end").cursor == 2)
    #expect(try journal.consumers().map(\.name) == ["end", "start"])
  }

  @Test func `progress survives a restart with its gaps`() throws {
    let consumer = try journal.consumer(named: "c")
    try fixture.record("1", "2", "3", "4", "5", "6")
    var settled = consumer.settled
    for sequence: Int64 in [1, 3, 4, 6] { settled.insert(sequence) }
    try commit { $0.progress = [ConsumerProgress(consumer: consumer.id, settled: settled)] }
    try fixture.reopen()
    let found = try journal.consumer(named: "c")
    #expect(found.settled == settled)
    #expect(found.cursor == 1)
    #expect((1...7).filter { !found.settled.contains($0) } == [2, 5, 7])
  }

  @Test func `attempts are counted until the envelope is settled`() throws {
    let consumer = try journal.consumer(named: "c").id
    let other = try journal.consumer(named: "d").id
    try fixture.record("1", "2", "3")
    try commit {
      $0.failures = [
        DeliveryFailure(consumer: consumer, sequence: 1, attempts: 1, reason: "first"),
        DeliveryFailure(consumer: consumer, sequence: 1, attempts: 2, reason: "second"),
        DeliveryFailure(consumer: consumer, sequence: 3, attempts: 1, reason: "third"),
        DeliveryFailure(consumer: other, sequence: 2, attempts: 9, reason: "other"),
      ]
    }
    try fixture.reopen()
    #expect(try journal.consumer(named: "c").attempts == [1: 2, 3: 1])
    var settled = SettledSequences(cursor: 1)
    try commit { $0.progress = [ConsumerProgress(consumer: consumer, settled: settled)] }
    #expect(try journal.consumer(named: "c").attempts == [3: 1])
    settled.insert(3)
    try commit { $0.progress = [ConsumerProgress(consumer: consumer, settled: settled)] }
    #expect(try journal.consumer(named: "c").attempts == [:])
    #expect(try journal.consumer(named: "d").attempts == [2: 9])
  }

  @Test func `progress of a consumer that does not exist fails the whole batch`() throws {
    let error = #expect(throws: JournalError.self) {
      try commit {
        $0.appends = [JournalAppend(envelope: [])]
        $0.progress = [ConsumerProgress(consumer: 99, settled: SettledSequences(cursor: 1))]
      }
    }
    #expect(error?.kind == .misuse)
    #expect(error?.message.contains("there is no consumer 99") == true)
    #expect(journal.last == 0)
    #expect(try fixture.record("a") == [.recorded(1)])
  }

  @Test func `a removed consumer begins anew, and takes its dead letters with it`() throws {
    let consumer = try journal.consumer(named: "c").id
    try fixture.record("1")
    try commit {
      $0.deadLetters = [DeliveryFailure(consumer: consumer, sequence: 1, attempts: 5, reason: "no")]
      $0.failures = [DeliveryFailure(consumer: consumer, sequence: 1, attempts: 4, reason: "no")]
    }
    try journal.remove(consumer: consumer)
    #expect(try journal.deadLetters(limit: 10).isEmpty)
    let again = try journal.consumer(named: "c")
    #expect(again.id != consumer)
    #expect(again.cursor == 1)
    #expect(again.attempts.isEmpty)
  }
}
