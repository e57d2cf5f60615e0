import Envelope
import Foundation
import TestSupport
import Testing

@testable import Host

/// What is left in the journal of somebody who is erased.
@Suite struct JournalEraseTests {
  private static let id = "author-5500001234567"
  private static let secret = "the purple canary sings at noon"
  private static let kept = "the yellow one keeps its voice"

  private let fixture: JournalFixture
  private let person: Person
  private var journal: Journal { fixture.journal }

  init() throws {
    fixture = try JournalFixture(Journal.Options())
    person = Person(try URN("urn:echo:user:demo:\(Self.id)"), provider: "echo", tenant: "demo")
  }

  /// Goes through all steps; what was found in all.
  private func erase(_ person: Person, isDry: Bool = false, rewrittenMax: Int64 = .max) throws -> ErasureFindings {
    var all = ErasureFindings()
    var place: ErasurePlace? = .records(after: 0)
    while let next = place {
      let found = try journal.erase(person, from: next, isDry: isDry, rewrittenMax: rewrittenMax)
      all.records += found.records
      all.deadLetters += found.deadLetters
      all.involved += found.involved
      place = found.next
    }
    return all
  }

  /// How often some text is in the files, those of records included.
  private func count(_ text: String) throws -> Int {
    let names = try #require(FileManager.default.enumerator(atPath: fixture.directory.path)).compactMap {
      $0 as? String
    }
    return try names.filter { !$0.hasSuffix("-records") }.reduce(0) { sum, name in
      sum + (try Data(fixture.directory.read(name)).ranges(of: Data(text.utf8)).count)
    }
  }

  private func message(_ id: String, by author: String, _ text: String, tenant: String = "demo") throws -> Envelope {
    let message = SocialMessageCreated(
      messageID: id,
      authorURN: try URN("urn:echo:user:\(tenant):\(author)"),
      spaceURN: try URN("urn:echo:channel:\(tenant):general"),
      text: text,
      createdAt: Timestamp(nanoseconds: 1_000_000_000),
      provider: "echo",
      tenant: tenant
    )
    return envelope("SocialMessageCreated", id: "created-\(id)", message.json, tenant: tenant)
  }

  private func envelope(_ intent: String, id: String, _ payload: JSON, tenant: String = "demo") -> Envelope {
    var envelope = Envelope(
      topic: "promethean.p.echo.t.\(tenant).events.\(intent)",
      intent: intent,
      payload: payload.bytes()
    )
    (envelope.provider, envelope.tenant, envelope.id, envelope.ts) = ("echo", tenant, id, 1_000)
    envelope.key = "urn:echo:channel:\(tenant):general"
    return envelope
  }

  /// Records envelopes in one commit, as it would be: in a run where they are large together.
  private func record(_ envelopes: [Envelope], target: Int64? = nil) throws {
    var batch = JournalBatch()
    batch.appends = try envelopes.map { JournalAppend(target: target, envelope: try $0.binary()) }
    _ = try journal.commit(batch)
  }

  private func all() throws -> [JournalPage.Record] {
    try journal.page(after: 0, limit: .max, consumer: 7, byteLimit: .max).records
  }

  // MARK: - What goes, and what stays

  @Test func `whose message somebody reacts to is not erased with them`() throws {
    let reaction: JSON = [
      "message_id": "m1", "author_urn": .string("urn:echo:user:demo:\(Self.id)"), "emoji": "x",
      "text": .string(Self.kept),
    ]
    try record([
      message("m1", by: "other", Self.kept), envelope("SocialReactionAdded", id: "r1", reaction),
      message("m2", by: Self.id, Self.secret),
      envelope("SocialMessageUpdated", id: "u2", ["message_id": "m2", "text": .string(Self.secret)]),
    ])
    let found = try erase(person)
    #expect(found.records == 2)
    #expect(Set(found.involved.compactMap(\.message)) == ["m2"])
    // Of the edit the author is told by the message.
    var known = person
    known.insert(message: "m2", text: Self.secret)
    #expect(try erase(known).records == 1)
    #expect(try count(Self.secret) == 0)
    #expect(try count(Self.kept) == 1)
  }

  @Test(arguments: [1, 40])
  func `of a person's records nothing is left but their place, and the others are the same, byte for byte`(
    weight: Int
  ) throws {
    let padding = String(repeating: "x", count: 100 * weight)
    try record(
      try (1...60).map { number in
        let isTheirs = number.isMultiple(of: 4)
        return try message(
          "m\(number)",
          by: isTheirs ? Self.id : "other",
          (isTheirs ? Self.secret : Self.kept) + padding
        )
      }
    )
    let before = try all()
    let secrets = try count(Self.secret)
    #expect(secrets >= 15)
    let looked = try erase(person, isDry: true)
    #expect(looked.records == 15)
    #expect(Set(looked.involved.compactMap(\.message)) == Set((1...15).map { "m\($0 * 4)" }))
    #expect(try all() == before)
    #expect(try erase(person).records == 15)
    for reopened in [false, true] {
      if reopened { try fixture.reopen(Journal.Options()) }
      let after = try all()
      #expect(after.map(\.sequence) == before.map(\.sequence))
      for (old, new) in zip(before, after) {
        guard new.sequence.isMultiple(of: 4) else {
          #expect(new == old)
          continue
        }
        #expect(new.envelope.count == old.envelope.count)
        #expect(new.envelope.prefix(72) == old.envelope.prefix(72))
        let left = try Envelope(binary: new.envelope)
        #expect(left.topic.hasPrefix("promethean.sys.journal.erased"))
        #expect(try JSON.parse(left.payload) == [:])
        #expect((left.provider, left.tenant, left.ts) == ("echo", "demo", 1_000))
      }
      #expect(try count(Self.secret) == 0)
      #expect(try count(Self.id) == 0)
      #expect(try count(Self.kept) >= 45)
    }
    #expect(try erase(person).records == 0)
  }

  @Test func `what is told by the message, by its text and by a key goes, and what only looks like it stays`() throws {
    var person = person
    person.insert(message: "m1", text: Self.secret)
    var keyed = envelope("SocialTyping", id: "typing", [:])
    keyed.key = "urn:echo:dm:demo:\(Self.id)"
    let theirs = [
      envelope("SocialMessageDeleted", id: "1", ["message_id": "m1"]),
      envelope("response", id: "2", ["body": .string("she said: \"\(Self.secret)\"")]),
      keyed,
      envelope("response", id: "4", ["mentions": [["id": .string(Self.id)]]]),
      envelope("SocialMessageUpdated", id: "5", ["text": .string("hello <@\(Self.id)>")]),
    ]
    let others = [
      envelope("SocialMessageDeleted", id: "6", ["message_id": "m11"]),
      envelope("SocialMessageDeleted", id: "7", ["thread_id": "m1"]),
      envelope("SocialMessageUpdated", id: "8", ["author": .string("\(Self.id)2")]),
      envelope("SocialMessageUpdated", id: "9", ["author": .string(Self.id)], tenant: "other"),
    ]
    try record(theirs + others)
    #expect(try erase(person).records == theirs.count)
    #expect(try all().suffix(others.count).map { try Envelope(binary: $0.envelope) } == others)
    #expect(try count(Self.secret) == 0)
  }

  @Test func `dead letters go, and so does what is said of failures`() throws {
    let consumer = try journal.consumer(named: "c")
    try record([try message("m1", by: Self.id, Self.secret), try message("m2", by: "other", Self.kept)])
    var batch = JournalBatch()
    batch.deadLetters = [1, 2].map {
      DeliveryFailure(consumer: consumer.id, sequence: $0, attempts: 5, reason: "text: found \"\(Self.secret)\"")
    }
    batch.failures = [DeliveryFailure(consumer: consumer.id, sequence: 2, attempts: 3, reason: "by \(Self.id)")]
    _ = try journal.commit(batch)
    var person = person
    person.insert(message: nil, text: Self.secret)
    #expect(try erase(person).deadLetters == 2)
    #expect(try journal.deadLetters(limit: 10) == [])
    #expect(try count(Self.secret) == 0)
    #expect(try count(Self.id) == 0)
    #expect(try journal.consumers().first?.attempts == [2: 3])
  }

  @Test func `what was trimmed, and what a failed transaction has left, is gone too`() throws {
    let padding = String(repeating: "x", count: 2_000)
    func many(_ text: String) throws -> [Envelope] {
      try (1...60).map { try message("\($0)", by: "other", text + padding) }
    }
    try record(try many(Self.secret))
    try record([try message("m1", by: "other", Self.secret)])
    try record(try many(Self.kept))
    while try journal.trim(below: 62, olderThan: .max) > 0 {}
    var batch = JournalBatch()
    batch.appends = try many(Self.secret).map { JournalAppend(envelope: try $0.binary()) }
    batch.progress = [ConsumerProgress(consumer: 99, settled: SettledSequences(cursor: 1))]
    #expect(throws: JournalError.self) { try journal.commit(batch) }
    #expect(try count(Self.secret) > 60)
    let before = try all()
    #expect(try erase(person).records == 0)
    #expect(try count(Self.secret) == 0)
    #expect(try all() == before)
    try record(try many(Self.kept))
    try fixture.reopen(Journal.Options())
    #expect(try all().count == 120)
  }

  @Test func `of a large database the unused pages are overwritten`() throws {
    for _ in 1...40 { try record([try message("m1", by: "other", Self.secret + String(repeating: "x", count: 9_000))]) }
    while try journal.trim(below: .max, olderThan: .max) > 0 {}
    try journal.checkpoint()
    #expect(try count(Self.secret) > 0)
    _ = try erase(person, rewrittenMax: 0)
    #expect(try count(Self.secret) == 0)
    #expect(journal.last == 40)
    try record([try message("m2", by: "other", Self.kept)])
    try fixture.reopen(Journal.Options())
    #expect(try all().map(\.sequence) == [41])
  }

  // MARK: - Interruptions

  @Test(arguments: 1...6)
  func `whenever it ends, nobody is given half of a record, and the next one does the rest`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var theirs: Set<Int64> = []
    for _ in 1...8 {
      let padding = String(repeating: "x", count: Int.random(in: 0...3_000, using: &random))
      let first = journal.last
      try record(
        try (1...Int.random(in: 1...60, using: &random)).map { number in
          let isTheirs = Bool.random(using: &random)
          if isTheirs { theirs.insert(first + Int64(number)) }
          return try message("m", by: isTheirs ? Self.id : "other", (isTheirs ? Self.secret : Self.kept) + padding)
        },
        target: Int.random(in: 0..<4, using: &random) == 0 ? 7 : nil
      )
    }
    let before = try all()
    var place: ErasurePlace? = .records(after: 0)
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      guard let next = place else { break }
      place = try journal.erase(person, from: next).next
    }
    try fixture.reopen(Journal.Options())
    for (old, new) in zip(before, try all()) where new != old {
      #expect(theirs.contains(new.sequence))
      #expect(try Envelope(binary: new.envelope).topic.hasPrefix("promethean.sys."))
    }
    _ = try erase(person)
    #expect(try count(Self.secret) == 0)
    for (old, new) in zip(before, try all()) { #expect((new == old) == !theirs.contains(new.sequence)) }
  }

  @Test func `a record of which only the topic is written goes to nobody, and is erased by the next one`() throws {
    let binary = try message("m1", by: Self.id, Self.secret).binary()
    var record = binary
    let erased = try #require(person.erase(&record))
    let half = try Envelope(binary: erased.unaddressed)
    #expect(half.topic.hasPrefix(ErasedRecord.topic))
    #expect(half.payload == (try Envelope(binary: binary)).payload)
    var again = erased.unaddressed
    _ = try #require(person.erase(&again))
    #expect(again == record)
  }
}
