internal import Envelope
internal import Locking

/// The host's log: JSON lines in files, the latest in memory, and whoever follows.
///
/// Writing never waits for a disk or a terminal: a thread of the log's own does, behind a bounded queue. What finds no
/// room in it is dropped, and the log says how many. Any thread may call anything.
package final class Log: Sendable {
  package struct Options: Sendable {
    /// Where `host.log` and `audit.log` go; nil: nowhere.
    package var directory: String?
    /// The lowest level that is also written to standard error, in a short form; nil: none.
    package var standardError: LogLevel?
    /// The lowest level that is kept at all; audit records always are.
    package var level = LogLevel.info
    /// Bytes of one file, and how many files there may be of each log: 64 MiB together.
    package var fileBytesMax = 8 << 20
    package var files = 8
    /// Bytes that may wait to be written.
    package var queueBytesMax = 4 << 20

    package init(directory: String? = nil, standardError: LogLevel? = nil) {
      self.directory = directory
      self.standardError = standardError
    }
  }

  /// An entry that waits to be written.
  struct Pending {
    let entry: LogEntry
    let isForFile: Bool
    let short: String?

    var size: Int { entry.line.count + (short?.utf8.count ?? 0) + 64 }
  }

  private struct State {
    var pending: [Pending] = []
    var pendingBytes = 0
    var dropped = 0
    var isClosed = false
    var history = LogHistory()
    var subscriptions: [WeakLogSubscription] = []
    var waiting: [Semaphore] = []
  }

  /// How long the thread lets records gather once it has written some, in milliseconds: each time that it is woken,
  /// somebody else may have to wait for a processor.
  private static let pause: Int64 = 50

  private let level: Locked<LogLevel>
  private let options: Options
  private let redactor: Redactor
  private let state = Locked(State())
  private let wake = Semaphore()
  /// Ends a pause of the thread.
  private let hurry = Semaphore()
  private let thread = Locked<BackgroundThread?>(nil)
  private let records: [LogLevel: Counter]
  private let drops: Counter

  /// Starts the log, and its thread.
  ///
  /// - Parameters:
  ///   - options: Where it writes, and how much.
  ///   - metrics: Where it counts its records.
  ///   - redactor: What takes credentials out of whatever is logged.
  /// - Throws: `TelemetryError` if the thread cannot be started. Files that cannot be written are told by the log
  ///   itself.
  package init(
    _ options: Options,
    metrics: Metrics = Metrics(),
    redactor: Redactor = Redactor()
  ) throws(TelemetryError) {
    self.options = options
    level = Locked(options.level)
    self.redactor = redactor
    let family = metrics.counter("promethean_log_records_total", help: "Log records, by level.", labels: ["level"])
    records = Dictionary(uniqueKeysWithValues: LogLevel.allCases.map { ($0, family.with($0.description)) })
    drops = metrics.counter("promethean_log_dropped_total", help: "Log records that found no room to be written.")
      .with()
    let thread: BackgroundThread
    do throws(HostError) {
      thread = try BackgroundThread("log") { [self] in writeAll() }
    } catch {
      throw TelemetryError(error.description)
    }
    self.thread.withLock { $0 = thread }
  }

  /// Keeps what is of a level, and above, from now on.
  func keep(from level: LogLevel) { self.level.withLock { $0 = level } }

  /// Takes a record.
  package func write(_ record: LogRecord) {
    guard record.isAudit || level.withLock({ record.level >= $0 }) else { return }
    let isForFile = options.directory != nil
    append(Pending(record, isForFile: isForFile, standardError: options.standardError, redactor))
  }

  /// The latest entries in memory that match, oldest first.
  package func latest(_ limit: Int, matching filter: LogFilter = LogFilter()) -> [LogEntry] {
    state.withLock { $0.history.latest(limit, matching: filter) }
  }

  /// Follows the log from the latest `backlog` entries on, with neither a gap nor a repetition.
  ///
  /// - Parameters:
  ///   - filter: Which entries are wanted.
  ///   - backlog: How many of those in memory are wanted first.
  ///   - capacity: How many may wait to be taken before more are dropped.
  ///   - wake: Called, on the thread that logs, when the first has come after a `take`; it must be quick, and must
  ///     not log.
  /// - Returns: The subscription, which ends when it is let go.
  package func subscribe(
    _ filter: LogFilter = LogFilter(),
    backlog: Int = 0,
    capacity: Int = 1024,
    wake: @escaping @Sendable () -> Void
  ) -> LogSubscription {
    state.withLock { state in
      let entries = state.history.latest(min(backlog, capacity), matching: filter)
      let subscription = LogSubscription(filter, capacity: capacity, backlog: entries, wake: wake)
      state.subscriptions.removeAll { $0.value == nil }
      state.subscriptions.append(WeakLogSubscription(value: subscription))
      return subscription
    }
  }

  /// Waits until all that was taken before has been written, as far as it can be.
  package func flush() {
    let written = Semaphore()
    let isOpen = state.withLock { state in
      if !state.isClosed { state.waiting.append(written) }
      return !state.isClosed
    }
    guard isOpen else { return }
    wake.signal()
    hurry.signal()
    written.wait()
  }

  /// Writes what is left and ends the thread; what comes later stays in memory alone.
  package func close() {
    state.withLock { $0.isClosed = true }
    wake.signal()
    hurry.signal()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  private func append(_ pending: Pending) {
    records[pending.entry.level]?.add()
    let (subscriptions, isFirst) = state.withLock { state in
      state.history.append(pending.entry)
      let isFirst = enqueue(pending, &state)
      return (state.subscriptions, isFirst)
    }
    if isFirst { wake.signal() }
    for subscription in subscriptions { subscription.value?.offer(pending.entry) }
  }

  /// Puts an entry in the queue if there is room; returns whether the thread has to be woken.
  private func enqueue(_ pending: Pending, _ state: inout State) -> Bool {
    guard pending.isForFile || pending.short != nil, !state.isClosed else { return false }
    guard state.pendingBytes + pending.size <= options.queueBytesMax else {
      state.dropped += 1
      drops.add()
      return false
    }
    state.pending.append(pending)
    state.pendingBytes += pending.size
    return state.pending.count == 1
  }

  // MARK: - On the log's thread

  private func writeAll() {
    var writer = LogWriter(options)
    var isOpen = true
    while isOpen {
      wake.wait()
      let batch = state.withLock { state in
        defer {
          state.pending = []
          state.pendingBytes = 0
          state.dropped = 0
          state.waiting = []
        }
        return (pending: state.pending, dropped: state.dropped, waiting: state.waiting, isClosed: state.isClosed)
      }
      isOpen = !batch.isClosed
      if batch.dropped > 0 { tell(Self.report(dropped: batch.dropped), &writer) }
      for report in writer.write(batch.pending) { tell(report, &writer) }
      for waiting in batch.waiting { waiting.signal() }
      if isOpen { hurry.wait(atMost: Self.pause) }
    }
  }

  /// Writes a record of the log's own, past the queue; if that makes for another, the first one has said it.
  private func tell(_ record: LogRecord, _ writer: inout LogWriter) {
    let pending = Pending(record, isForFile: true, standardError: .debug, redactor)
    _ = writer.write([pending])
    records[record.level]?.add()
    let subscriptions = state.withLock { state in
      state.history.append(pending.entry)
      return state.subscriptions
    }
    for subscription in subscriptions { subscription.value?.offer(pending.entry) }
  }

  private static func report(dropped: Int) -> LogRecord {
    LogRecord(
      level: .warn,
      message: "log: \(dropped) records were dropped, since they came faster than they could be written",
      fields: ["outcome": "dropped", "dropped": .int(Int64(dropped))]
    )
  }
}

extension Log.Pending {
  init(_ record: LogRecord, isForFile: Bool, standardError level: LogLevel?, _ redactor: Redactor) {
    entry = LogEntry(record, redactor)
    self.isForFile = isForFile
    short = level.map { record.level >= $0 } == true ? redactor.redact(record.shortLine) + "\n" : nil
  }
}
