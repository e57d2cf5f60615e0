package import Envelope

/// The housekeeping of the journal: trims what nobody needs any more, and keeps an eye on how much there is.
///
/// It belongs to the loop's thread; the work is done on the journal's.
package final class JournalKeeper {
  /// How often the journal is looked after, ns: trimming comes in small steps, so that it never holds up a commit for
  /// long.
  static let interval: Int64 = 5 * nanosecondsPerSecond

  private let journal: JournalLink
  private let window: Int64
  private let metrics: JournalMetrics
  private var next: Int64 = 0
  private var isTrimming = false
  /// What the journal held when it was last asked.
  package private(set) var statistics: JournalStatistics?

  /// Makes a keeper.
  ///
  /// - Parameters:
  ///   - journal: The journal.
  ///   - window: How long records are kept at least, so that they can be looked at and replayed.
  ///   - metrics: Where its size is shown.
  package init(journal: JournalLink, window: Duration, metrics: JournalMetrics) {
    self.journal = journal
    self.window = window.nanoseconds
    self.metrics = metrics
  }

  /// Looks after the journal, if it is time.
  ///
  /// - Parameters:
  ///   - now: The monotonic time.
  ///   - needed: The lowest cursor of those who still read: everything above it is kept.
  package func tick(now: Int64, needed: Int64) {
    guard now >= next else { return }
    next = now + Self.interval
    trim(below: needed + 1)
    journal.ask(.statistics) { [weak self] result in
      if case .success(.statistics(let statistics)) = result { self?.keep(statistics) }
    }
  }

  private func trim(below sequence: Int64) {
    guard !isTrimming else { return }
    isTrimming = true
    journal.ask(.trim(below: sequence, olderThan: HostClock.realtime - window)) { [weak self] result in
      guard let self else { return }
      isTrimming = false
      // A step that removed something may have left more.
      if case .success(.trimmed(let count)) = result, count > 0 { trim(below: sequence) }
    }
  }

  private func keep(_ statistics: JournalStatistics) {
    self.statistics = statistics
    metrics.rows.set(Double(statistics.records))
    metrics.bytes.set(Double(statistics.bytes))
    metrics.deadLetters.set(Double(statistics.deadLetters))
    metrics.backlog.set(Double(journal.backlog))
    let age = statistics.oldest.map { HostClock.realtime - $0.ts } ?? 0
    metrics.oldestAge.set(Double(age) / Double(nanosecondsPerSecond))
  }

  /// What `status` shows; `newest` is the sequence of the newest record that the host has been told of.
  package func status(newest: Int64) -> JSON {
    [
      "newest": .int(newest), "rows": .int(statistics?.records ?? 0), "bytes": .int(statistics?.bytes ?? 0),
      "oldest": statistics?.oldest.map { JSON.string(Timestamp(nanoseconds: $0.ts).description) } ?? .null,
      "backlog": .int(Int64(journal.backlog)), "dead_letters": .int(statistics?.deadLetters ?? 0),
    ]
  }
}
