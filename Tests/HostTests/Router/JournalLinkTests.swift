import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

@Suite struct JournalLinkTests {
  private let directory: TemporaryDirectory
  private let answers = Mailbox<[JournalAnswer]>()
  private let thread: JournalThread
  private let link: JournalLink
  private let consumer: Int64
  /// The newest record.
  private let last: Int64

  /// A journal with records, one consumer, and no room for anything more.
  init() throws {
    directory = try TemporaryDirectory()
    var options = Journal.Options.quick
    options.maxBytes = 256 << 10
    let journal = try Journal(path: directory.file("journal.sqlite"), options: options)
    consumer = try journal.consumer(named: "c", fromStart: true).id
    #expect(throws: JournalError.self) {
      while true {
        var batch = JournalBatch()
        batch.appends = [try .sample(id: "\(journal.last)")]
        _ = try journal.commit(batch)
      }
    }
    last = journal.last
    let answers = self.answers
    thread = try JournalThread(journal) { answers.post($0) }
    link = JournalLink(thread)
  }

  /// Hears answers until something is so.
  private func hear(until isDone: () -> Bool) throws {
    while !isDone() {
      var source = pollfd(fd: answers.descriptor, events: Int16(POLLIN), revents: 0)
      try #require(unsafe poll(&source, 1, 20_000) == 1)
      for answers in answers.drain() { link.receive(answers) }
    }
  }

  /// Makes room.
  private func trim() throws {
    var trimmed: Int?
    while trimmed != 0 {
      trimmed = nil
      link.ask(.trim(below: last, olderThan: .max)) { if case .success(.trimmed(let count)) = $0 { trimmed = count } }
      try hear { trimmed != nil }
    }
  }

  @Test func `a record is needed from its burial until that is written, whatever becomes of the commit`() throws {
    defer { thread.close() }
    var ends: [Bool] = []
    link.onCommit = { ends.append($0 == nil) }
    let long = String(repeating: "x", count: 64 << 10)
    link.bury(DeliveryFailure(consumer: consumer, sequence: last, attempts: 5, reason: long))
    #expect(link.unburied == last)
    link.flush()
    #expect(link.unburied == last, "on its way")
    try hear { !ends.isEmpty }
    #expect(ends == [false])
    #expect(link.unburied == last, "failed")

    try trim()
    link.repeatUnwritten()
    link.flush()
    #expect(link.unburied == last, "on its way again")
    try hear { ends.count == 2 }
    #expect(ends == [false, true])
    #expect(link.unburied == nil)
    var buried: [Int64] = []
    link.ask(.deadLetters(after: 0, limit: 10, consumers: nil)) {
      if case .success(.deadLetters(let letters)) = $0 { buried = letters.map(\.sequence) }
    }
    try hear { !buried.isEmpty }
    #expect(buried == [last])
  }

  @Test func `drafts are dropped in the end, whatever becomes of the commit`() throws {
    defer { thread.close() }
    try trim()
    var key = StateKey(plugin: "p", provider: "", tenant: "", key: "k")
    key.draft = 7
    var isDrafted = false
    link.change(.put(key, document: [1], expected: nil)) { if case .success(.stored) = $0 { isDrafted = true } }
    link.flush()
    try hear { isDrafted }

    var ends: [Bool] = []
    link.onCommit = { ends.append($0 == nil) }
    // More than there is room for, of which its publisher hears.
    link.append([UInt8](repeating: 0, count: 512 << 10), digest: nil)
    link.settleDrafts(.dropDrafts)
    link.flush()
    try hear { ends == [false] }
    link.repeatUnwritten()
    link.flush()
    try hear { ends == [false, true] }
    var found: JournalReply?
    link.ask(.state(key)) { found = try? $0.get() }
    try hear { found != nil }
    #expect(found == .state(nil))
  }
}
