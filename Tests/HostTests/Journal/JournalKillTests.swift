import Envelope
import Glibc
import Host
import TestSupport
import Testing

/// Kills a process that writes, again and again, and looks at what it left.
@Suite(.serialized) struct JournalKillTests {
  /// How often it is killed: each time somewhere else.
  private static let rounds = 12

  @Test func `what was reported as recorded is there after a kill at any point, once`() async throws {
    let directory = try TemporaryDirectory()
    let journalPath = directory.file("journal.sqlite")
    let reportPath = try directory.write("recorded", [])
    for round in 1...Self.rounds {
      let writer = try ChildProcess(product: "JournalWriter", arguments: [journalPath, reportPath, "\(round)"])
      // Somewhere else each time: after its first answers, or long after.
      let size = try directory.read("recorded").count + Int.random(in: 1...200_000)
      while try directory.read("recorded").count < size { sched_yield() }
      writer.kill(SIGKILL)
      #expect(writer.wait() == -SIGKILL)
      let reported = try directory.read("recorded").split(separator: UInt8(ascii: "\n"))
        .map { String(decoding: $0, as: UTF8.self) }
      #expect(!reported.isEmpty)
      try verify(Journal(path: journalPath), reported)
    }
  }

  private func verify(_ journal: Journal, _ reported: [String]) throws {
    var found: [String: Int64] = [:]
    var cursor: Int64 = 0
    while cursor < journal.last {
      let page = try journal.page(after: cursor, limit: 10_000, consumer: 0)
      for record in page.records { found["\(try Envelope(binary: record.envelope).id)"] = record.sequence }
      // No record is missing between the first and the last.
      #expect(page.records.map(\.sequence) == Array(cursor + 1...page.through))
      cursor = page.through
    }
    #expect(found.count == Int(journal.last))
    for line in reported {
      let parts = line.split(separator: " ")
      #expect(found[String(parts[0])] == Int64(parts[1]))
    }
    var again = JournalBatch()
    again.appends = try found.keys.map { try .sample(id: $0) }
    #expect(try journal.commit(again).appends.allSatisfy { $0 == .duplicate })
  }
}
