import Envelope
import Glibc
import Host
import Locking
import TestSupport
import Testing

@Suite struct JournalThreadTests {
  let directory: TemporaryDirectory
  let answers: AsyncStream<JournalAnswer>
  let thread: JournalThread

  init() throws {
    directory = try TemporaryDirectory()
    let (stream, continuation) = AsyncStream.makeStream(of: JournalAnswer.self)
    answers = stream
    thread = try JournalThread(Journal(path: directory.file("journal.sqlite"), options: .quick)) { answers in
      for answer in answers { continuation.yield(answer) }
    }
  }

  private func batch(_ ids: some Sequence<Int>) throws -> JournalBatch {
    var batch = JournalBatch()
    batch.appends = try ids.map { try .sample(id: "\($0)") }
    return batch
  }

  /// The next `count` answers by their tokens.
  private func next(_ count: Int) async throws -> [UInt64: JournalReply] {
    var found: [UInt64: JournalReply] = [:]
    for await answer in answers.prefix(count) { found[answer.token] = try answer.result.get() }
    return found
  }

  @Test func `each command is answered once, under its token`() async throws {
    for token in 1...2_000 { thread.post(.commit(try batch([token])), token: UInt64(token)) }
    let found = try await next(2_000)
    for token in 1...2_000 {
      #expect(found[UInt64(token)] == .committed(JournalOutcome(appends: [.recorded(Int64(token))])))
    }
    #expect(thread.backlog == 0)
    thread.close()
  }

  @Test func `a read sees what was posted before it`() async throws {
    thread.post(.consumer(name: "c", fromStart: true), token: 1)
    thread.post(.commit(try batch(1...3)), token: 2)
    thread.post(.page(after: 0, limit: 10, consumer: 1), token: 3)
    thread.post(.statistics, token: 4)
    let found = try await next(4)
    guard case .consumer(let consumer) = found[1], case .page(let page) = found[3],
      case .statistics(let statistics) = found[4]
    else { throw Unexpected() }
    #expect(consumer.name == "c")
    #expect(page.records.map(\.sequence) == [1, 2, 3])
    #expect(statistics.records == 3)
    thread.close()
  }

  @Test func `dead letters, states and trimming go through it too`() async throws {
    let key = StateKey(plugin: "p", provider: "", tenant: "", key: "k")
    thread.post(.consumer(name: "c", fromStart: true), token: 1)
    _ = try await next(1)
    var changes = try batch([1])
    changes.deadLetters = [DeliveryFailure(consumer: 1, sequence: 1, attempts: 5, reason: "no")]
    changes.states = [.put(key, document: [1], expected: 0)]
    thread.post(.commit(changes), token: 2)
    thread.post(.deadLetters(after: 0, limit: 10, consumers: nil), token: 3)
    thread.post(.replay(deadLetter: 1), token: 4)
    thread.post(.deadLetter(1), token: 5)
    thread.post(.deleteDeadLetter(1), token: 6)
    thread.post(.state(key), token: 7)
    thread.post(.trim(below: 2, olderThan: .max), token: 8)
    thread.post(.consumers, token: 9)
    thread.post(.removeConsumer(1), token: 10)
    let found = try await next(9)
    guard case .deadLetters(let letters) = found[3], case .consumers(let consumers) = found[9] else {
      throw Unexpected()
    }
    #expect(letters.map(\.sequence) == [1])
    #expect(found[4] == .replayed(2))
    #expect(found[5] == .deadLetter(nil))
    #expect(found[6] == .deleted(false))
    guard case .state(let state) = found[7] else { throw Unexpected() }
    #expect(state?.bytes == [1])
    #expect(found[8] == .trimmed(1))
    #expect(consumers.map(\.name) == ["c"])
    #expect(found[10] == .removed)
    thread.close()
  }

  @Test func `the write-ahead log is copied as it grows, so that it stays short`() async throws {
    // Some ten times what it gathers at most.
    let count = 40_000
    let payload = [UInt8](repeating: 32, count: 1_000)
    var sent = 0
    while sent < count {
      var batch = JournalBatch()
      batch.appends = try (0..<500).map { try .sample(id: "\(sent + $0)", payload: payload) }
      thread.post(.commit(batch), token: UInt64(sent))
      _ = try await next(1)
      sent += 500
    }
    thread.post(.statistics, token: UInt64(count))
    _ = try await next(1)
    var (log, file) = (stat(), stat())
    #expect(unsafe stat(directory.file("journal.sqlite-wal"), &log) == 0)
    #expect(unsafe stat(directory.file("journal.sqlite"), &file) == 0)
    #expect(log.st_size < 8 << 20 && Int(file.st_size) > count * payload.count / 2)
    thread.close()
  }

  @Test func `closing answers all that was posted, and takes nothing more`() async throws {
    for token in 1...500 { thread.post(.commit(try batch([token])), token: UInt64(token)) }
    thread.close()
    #expect(thread.backlog == 0)
    #expect(!thread.post(.statistics, token: 501))
    #expect(try await next(500).count == 500)
    let journal = try Journal(path: directory.file("journal.sqlite"))
    #expect(journal.last == 500)
    thread.close()
  }

  @Test func `a group that cannot be written fails every batch in it, and the next one succeeds`() async throws {
    var broken = try batch([1])
    broken.progress = [ConsumerProgress(consumer: 99, settled: SettledSequences(cursor: 0))]
    thread.post(.commit(broken), token: 1)
    for await answer in answers.prefix(1) {
      #expect(throws: JournalError.self) { try answer.result.get() }
    }
    thread.post(.commit(try batch([1])), token: 2)
    #expect(try await next(1)[2] == .committed(JournalOutcome(appends: [.recorded(1)])))
    thread.close()
  }

  @Test func `the backlog counts what is posted and not answered`() async throws {
    let gate = Locked(())
    let path = directory.file("slow.sqlite")
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let slow = try JournalThread(Journal(path: path, options: .quick)) { _ in
      gate.withLock { _ in }
      continuation.yield()
    }
    try gate.withLock { _ in
      // The answer waits at the gate, so whatever the thread has done, it has answered the first at most.
      slow.post(.statistics, token: 1)
      slow.post(.commit(try batch(1...10)), token: 2)
      #expect((10...11).contains(slow.backlog))
    }
    for await _ in stream.prefix(2) {}
    #expect(slow.backlog == 0)
    slow.close()
    thread.close()
  }
}

/// An answer of another kind than the question.
private struct Unexpected: Error {}
