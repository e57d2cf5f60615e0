import Envelope
import Glibc
import Host
import Synchronization
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
      // Up to 60 ms after the first answer.
      let delay = UInt32.random(in: 0...60_000)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = journalPath as String, report = reportPath as String, round = round as Int, delay = delay as UInt32] in
        try writeUntilKilled(path, report, round: round, delay: delay)
      }
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

/// Records envelopes for ever, and writes a line with id and sequence of each that was reported as recorded.
private func writeUntilKilled(_ path: String, _ reportPath: String, round: Int, delay: UInt32) throws {
  let report = unsafe open(reportPath, O_WRONLY | O_APPEND)
  let ids = Mutex<[UInt64: String]>([:])
  let killer = Mutex<pthread_t?>(nil)
  var options = Journal.Options()
  options.dedupeWindow = 1 << 20
  let thread = try JournalThread(Journal(path: path, options: options)) { answers in
    var lines = ""
    for answer in answers {
      let id = ids.withLock { $0.removeValue(forKey: answer.token) }
      guard let id, case .success(.committed(let outcome)) = answer.result else { abort() }
      guard case .recorded(let sequence) = outcome.appends.first else { abort() }
      lines += "\(id) \(sequence)\n"
    }
    unsafe write(report, lines, lines.utf8.count)
    killer.withLock { $0 = $0 ?? killAfter(delay) }
  }
  var token: UInt64 = 0
  while true {
    // Pushes back as the router does.
    while thread.backlog > 200 { sched_yield() }
    token += 1
    let id = "\(round)-\(token)"
    var batch = JournalBatch()
    batch.appends = [try .sample(id: id)]
    ids.withLock { $0[token] = id }
    thread.post(.commit(batch), token: token)
  }
}

/// Starts a thread that kills the process after some microseconds.
private func killAfter(_ delay: UInt32) -> pthread_t {
  var thread = pthread_t()
  let argument = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  unsafe argument.initialize(to: delay)
  unsafe pthread_create(
    &thread,
    nil,
    { argument in
      usleep(unsafe argument?.load(as: UInt32.self) ?? 0)
      kill(getpid(), SIGKILL)
      return nil
    },
    argument
  )
  return thread
}
