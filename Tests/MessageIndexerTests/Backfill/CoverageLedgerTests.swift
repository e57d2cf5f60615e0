import Envelope
import TestSupport
import Testing

@testable import MessageIndexer

@Suite("Coverage of a space", .timeLimit(.minutes(Patience.minutes)))
struct CoverageLedgerTests {
  private func page(_ newest: Int64, _ oldest: Int64, _ next: String?, end: Bool = true) throws -> PageReport {
    try #require(
      PageReport([
        "messages": 1, "newest": .int(newest), "oldest": .int(oldest), "next": next.map { .string($0) } ?? .null,
        "end": .bool(next == nil && end),
      ])
    )
  }

  /// Intervals as `newest-oldest`, with the cursor or floor behind.
  private func text(_ ledger: CoverageLedger) -> [String] {
    ledger.intervals.map { "\($0.newest)-\($0.oldest) \($0.cursor ?? $0.floor?.rawValue ?? "?")" }
  }

  @Test func `pages that follow on each other are one interval`() throws {
    var ledger = CoverageLedger()
    ledger.add(try page(90, 80, "a"), after: nil)
    ledger.add(try page(79, 70, "b"), after: "a")
    #expect(text(ledger) == ["90-70 b"])
    ledger.add(try page(69, 60, nil), after: "b")
    #expect(text(ledger) == ["90-60 end"])
  }

  @Test func `what is between two intervals stays open, and what grows into another is one with it`() throws {
    var ledger = CoverageLedger()
    ledger.add(try page(50, 40, "low"), after: nil)
    ledger.add(try page(90, 80, "high"), after: nil)
    #expect(text(ledger) == ["90-80 high", "50-40 low"])
    let grown = ledger.add(try page(79, 45, "between"), after: "high")
    #expect(text(ledger) == ["90-40 low"] && grown?.cursor == "low")
  }

  @Test func `intervals that share no more than one time stay apart: others may have that time too`() throws {
    var ledger = CoverageLedger()
    ledger.add(try page(50, 40, "low"), after: nil)
    ledger.add(try page(90, 50, "high"), after: nil)
    #expect(text(ledger) == ["90-50 high", "50-40 low"])
    ledger.add(try page(50, 49, "next"), after: "high")
    #expect(text(ledger) == ["90-40 low"])
  }

  @Test func `what lies below the end is known, what lies below a truncation is not`() throws {
    var ledger = CoverageLedger()
    ledger.add(try page(50, 40, "low"), after: nil)
    ledger.add(try page(90, 80, nil, end: false), after: nil)
    #expect(text(ledger) == ["90-80 truncated", "50-40 low"])
    ledger.add(try page(95, 94, nil), after: nil)
    #expect(text(ledger) == ["95-40 end"])
  }

  @Test func `a page of nothing moves the cursor, and proves nothing where none was`() throws {
    var ledger = CoverageLedger()
    let empty = try #require(PageReport(["messages": 0, "newest": .null, "oldest": .null, "next": "x", "end": false]))
    #expect(ledger.add(empty, after: nil) == nil && ledger.intervals.isEmpty)
    ledger.add(try page(90, 80, "a"), after: "x")
    ledger.add(empty, after: "a")
    #expect(text(ledger) == ["90-80 x"])
  }

  @Test func `a document is read as it was written, and is bounded`() throws {
    var ledger = CoverageLedger()
    let cursor = String(repeating: "c", count: 508)
    for number in 0..<200 {
      let newest = Int64(number) * 100 + 50
      ledger.add(try page(newest, newest - 10 - Int64(number % 7), "\(cursor)\(number)"), after: nil)
    }
    #expect(ledger.intervals.count == CoverageLedger.intervalsMax)
    #expect(ledger.json.bytes().count < 60_000)
    #expect(try CoverageLedger(json: JSON.parse(ledger.json.bytes())) == ledger)
    #expect(CoverageLedger(json: ["version": 2, "intervals": []]) == nil)
  }

  @Test(arguments: 0..<200) func `whatever is read in whatever order, no interval claims what was not`(seed: Int) throws
  {
    var random = SeededRandom(seed: UInt64(seed))
    var past = PastModel()
    var ledger = CoverageLedger()
    past.write(60, &random)
    for _ in 0..<120 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: past.write(Int.random(in: 1...5, using: &random), &random)
      case 1: past.delete(&random)
      default:
        let cursors = ledger.intervals.compactMap(\.cursor)
        let isFirst = Int.random(in: 0..<4, using: &random) == 0
        let cursor = isFirst ? nil : cursors.randomElement(using: &random)
        let until = cursor == nil && Bool.random(using: &random) ? Int64.random(in: 1_000...1_060, using: &random) : nil
        let answer = past.page(before: cursor, until: until, limit: Int.random(in: 1...6, using: &random))
        ledger.add(try #require(PageReport(answer)), after: cursor)
      }
      for interval in ledger.intervals {
        let objection = past.objection(to: interval)
        #expect(objection == nil)
      }
      let ends = zip(ledger.intervals, ledger.intervals.dropFirst())
      #expect(ends.allSatisfy { $0.newest >= $1.newest && $0.oldest >= $1.newest })
    }
  }

  @Test(arguments: 0..<100) func `a second walk fetches what is new, and next to nothing else`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var past = PastModel()
    var ledger = CoverageLedger()
    past.write(Int.random(in: 0...80, using: &random), &random)
    let limit = Int.random(in: 1...9, using: &random)
    let order = try BackfillOrder(Array(#"{"spaces":"all"}"#.utf8), provider: "p", tenant: "t")
    func walk() throws -> Int {
      var walk = BackfillWalk(BackfillLane(0), ledger, BackfillJob(id: "j", began: 0, order))
      var pages = 0
      while !walk.isOver {
        walk.add(try #require(PageReport(past.page(before: walk.cursor, limit: limit))))
        pages += 1
      }
      ledger = walk.ledger
      return pages
    }
    _ = try walk()
    #expect(past.missing.isEmpty)
    let new = Int.random(in: 0...20, using: &random)
    past.write(new, &random)
    let pages = try walk()
    #expect(past.missing.isEmpty)
    // The new ones, those of the same time as the newest that was known, and one page that touches what is known.
    let same = past.messages.count { $0.time == past.messages.dropLast(new).last?.time }
    #expect(pages <= (new + same) / limit + 2)
  }
}
