import Envelope
import Glibc
import TestSupport
import Testing

@testable import Host

/// Large commits, whose records lie in files beside the database.
@Suite struct JournalRunTests {
  private let fixture: JournalFixture
  private var journal: Journal { fixture.journal }
  private var directory: String { "\(fixture.path)-records" }

  init() throws { fixture = try JournalFixture(Journal.Options()) }

  @Test func `a large commit lies in a file, a small one in the database, and both are read in order`() throws {
    #expect(try fixture.record("small") == [.recorded(1)])
    #expect(fixture.files.isEmpty)
    try fixture.recordMany(2...101)
    try fixture.record("small too")
    #expect(fixture.files == ["00000001"])
    try fixture.reopen(Journal.Options())
    #expect(try fixture.ids() == ["small"] + (2...101).map { "\($0)" } + ["small too"])
    #expect(try fixture.ids(after: 50, limit: 3) == ["51", "52", "53"])
    #expect(try fixture.record("7", "next") == [.duplicate, .recorded(103)])
  }

  @Test func `without a wait for the disk there are no files`() throws {
    try fixture.reopen()
    try fixture.recordMany(1...100)
    #expect(fixture.files.isEmpty)
  }

  @Test func `what is for one consumer stands between what is for all`() throws {
    var batch = JournalBatch()
    batch.appends = try (1...100).map { try .large($0, target: $0 == 50 ? 7 : nil) }
    _ = try journal.commit(batch)
    #expect(try fixture.ids() == (1...100).filter { $0 != 50 }.map { "\($0)" })
    #expect(try fixture.ids(consumer: 7) == (1...100).map { "\($0)" })
  }

  @Test func `a page ends at its bytes, within a run and between two`() throws {
    try fixture.recordMany(1...1_000)
    try fixture.recordMany(1_001...2_000)
    var (cursor, found): (Int64, [Int64]) = (0, [])
    while cursor < journal.last {
      let page = try journal.page(after: cursor, limit: .max, consumer: 0, byteLimit: 30_000)
      #expect(page.records.reduce(0) { $0 + $1.envelope.count } < 30_000 + 3_000)
      found += page.records.map(\.sequence)
      cursor = page.through
    }
    #expect(found == Array(1...2_000))
  }

  @Test func `a transaction that fails leaves nothing, and what comes next takes its place`() throws {
    try fixture.recordMany(1...100)
    let before = try fixture.directory.read("journal.sqlite-records/00000001").count
    var batch = JournalBatch()
    batch.appends = try (101...200).map { try .large($0) }
    batch.progress = [ConsumerProgress(consumer: 99, settled: SettledSequences(cursor: 1))]
    #expect(throws: JournalError.self) { try journal.commit(batch) }
    #expect(journal.last == 100)
    #expect(try fixture.directory.read("journal.sqlite-records/00000001").count == before)
    try fixture.recordMany(101...200, from: "other")
    #expect(try fixture.ids(after: 100).first == "other101")
    try fixture.reopen(Journal.Options())
    #expect(try fixture.ids(after: 199) == ["other200"])
  }

  @Test func `a run is trimmed whole, and a file goes with its last run`() throws {
    try fixture.recordMany(1...100)
    try fixture.record("between")
    try fixture.recordMany(102...200)
    #expect(try journal.trim(below: 100, olderThan: .max) == 0)
    #expect(try journal.trim(below: 101, olderThan: 1_000) == 0)
    #expect(try journal.trim(below: 101, olderThan: .max) == 100)
    #expect(try fixture.ids(limit: 1) == ["between"])
    #expect(fixture.files == ["00000001"])
    #expect(try journal.statistics().oldest?.sequence == 101)
    #expect(try journal.trim(below: .max, olderThan: .max) == 1)
    #expect(try journal.statistics().oldest == .init(sequence: 102, ts: 1_000))
    #expect(try journal.trim(below: .max, olderThan: .max) == 99)
    #expect(fixture.files.isEmpty)
    try fixture.recordMany(201...300)
    #expect(fixture.files == ["00000002"])
    try fixture.reopen(Journal.Options())
    #expect(try fixture.ids() == (201...300).map { "\($0)" })
  }

  @Test func `a dead letter is copied out of a run, and out of the commit that brings it`() throws {
    let consumer = try journal.consumer(named: "c")
    try fixture.recordMany(1...100)
    var batch = JournalBatch()
    batch.appends = try (101...200).map { try .large($0) }
    batch.deadLetters = [42, 142, 4_000].map {
      DeliveryFailure(consumer: consumer.id, sequence: $0, attempts: 5, reason: "the last was never there")
    }
    _ = try journal.commit(batch)
    let letters = try journal.deadLetters(limit: 10)
    #expect(try letters.map { try Envelope(binary: $0.envelope).id } == ["42", "142"])
  }

  @Test func `files count towards the limit, and what was refused can be recorded once trimmed`() throws {
    var options = Journal.Options()
    options.maxBytes = 1 << 20
    try fixture.reopen(options)
    var count = 0
    let error = #expect(throws: JournalError.self) {
      while true {
        try fixture.recordMany(count + 1...count + 100)
        count += 100
      }
    }
    #expect(error?.kind == .full)
    #expect(error?.message.contains("journal.max_bytes") == true)
    #expect(journal.last == Int64(count))
    #expect(try journal.statistics().bytes <= options.maxBytes)
    while try journal.trim(below: Int64(count), olderThan: .max) > 0 {}
    while try journal.trim(below: .max, olderThan: .max) > 0 {}
    try fixture.recordMany(count + 1...count + 100)
    #expect(journal.last == Int64(count) + 100)
  }

  @Test(arguments: [0, 1_000])
  func `a file that is not as long as the database says is named`(bytes: Int) throws {
    try fixture.recordMany(1...100)
    let file = "\(directory)/00000001"
    #expect(unsafe truncate(file, bytes) == 0)
    let reading = #expect(throws: JournalError.self) { try fixture.ids() }
    let opening = #expect(throws: JournalError.self) { try fixture.reopen(Journal.Options()) }
    for error in [reading, opening] {
      #expect(error?.kind == .damaged)
      #expect(error?.message.contains(file) == true)
    }
  }

  @Test func `a file that is gone is named`() throws {
    try fixture.recordMany(1...100)
    unsafe unlink("\(directory)/00000001")
    let error = #expect(throws: JournalError.self) { try fixture.reopen(Journal.Options()) }
    #expect(error?.message.contains("\(directory)/00000001") == true)
  }

  @Test func `what nothing refers to is removed at the start`() throws {
    try fixture.recordMany(1...100)
    for name in ["00000002", "00000007", "notes"] {
      try fixture.directory.write("journal.sqlite-records/\(name)", [1])
    }
    try fixture.reopen(Journal.Options())
    #expect(fixture.files == ["00000001", "notes"])
  }

  @Test(arguments: 1...4)
  func `whatever is recorded, trimmed and opened again, what is left is what was recorded`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var recorded: [String] = []
    var trimmed = 0
    for round in 1...60 {
      let count = Int.random(in: 1...120, using: &random)
      let ids = (0..<count).map { "\(round)-\($0)" }
      var batch = JournalBatch()
      batch.appends = try ids.map { id in
        let payload = [UInt8](repeating: 7, count: Int.random(in: 0...3_000, using: &random))
        return try .sample(id: id, target: Int.random(in: 0..<200, using: &random) == 0 ? 3 : nil, payload: payload)
      }
      _ = try journal.commit(batch)
      recorded += ids
      switch Int.random(in: 0..<5, using: &random) {
      case 0: try fixture.reopen(Journal.Options())
      case 1: trimmed += try journal.trim(below: Int64(recorded.count - 50), olderThan: .max)
      default: break
      }
      let from = Int.random(in: trimmed...recorded.count, using: &random)
      let page = try journal.page(after: Int64(from), limit: .max, consumer: 3, byteLimit: .max)
      #expect(try page.records.map { try Envelope(binary: $0.envelope).id } == Array(recorded[from...]))
    }
  }
}

extension JournalFixture {
  /// The files of records.
  fileprivate var files: [String] { Directory.names(in: "\(path)-records") }

  /// Records so many envelopes at once that they lie in a file.
  fileprivate func recordMany(_ numbers: ClosedRange<Int>, from source: String = "") throws {
    var batch = JournalBatch()
    batch.appends = try numbers.map { try .large($0, from: source) }
    _ = try journal.commit(batch)
  }
}

extension JournalAppend {
  /// An envelope of about a kilobyte.
  fileprivate static func large(_ number: Int, from source: String = "", target: Int64? = nil) throws -> JournalAppend {
    try .sample(id: "\(source)\(number)", target: target, payload: [UInt8](repeating: 65, count: 1_000))
  }
}
