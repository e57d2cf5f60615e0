internal import Envelope

/// What an instance writes to its standard error, on its way into the log: cut into lines, bounded in length and in
/// rate.
package struct PluginOutput: Sendable {
  /// The longest line that is kept whole, in bytes.
  package static let lineMax = 4096
  /// How many pieces are read between two ticks: 4 KiB each, 320 KiB a second; of one that writes more than may be logged
  /// a single one, 40 KiB a second, since what it costs to throw it away others pay for.
  package static let readsPerTick = 8

  private let plugin: String
  private let instance: String
  private let tenant: String?
  private var cap: RateCap
  private var line: [UInt8] = []
  private var skipped = 0
  /// Pieces since the last tick.
  private var reads = 0

  package init(plugin: String, instance: String, tenant: String?, cap: RateCap) {
    self.plugin = plugin
    self.instance = instance
    self.tenant = tenant
    self.cap = cap
  }

  /// Whether no more is to be read until the next tick.
  package var isHeldBack: Bool { reads >= Self.readsPerTick }

  /// Takes note that it may be read again.
  package mutating func tick() { reads = 0 }

  /// Takes what was read, and gives the records of the lines that it completes.
  ///
  /// - Parameters:
  ///   - bytes: The next piece, of any length.
  ///   - now: The time in nanoseconds of a clock that never runs backwards.
  ///   - suppressed: Told how many lines the rate did not let pass.
  /// - Returns: The records, which are the caller's to write.
  package mutating func receive(
    _ bytes: some Sequence<UInt8>,
    at now: Int64,
    suppressed: (Int) -> Void = { _ in }
  ) -> [LogRecord] {
    var records: [LogRecord] = []
    var count = 0
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        if line.count < Self.lineMax { line.append(byte) } else { skipped += 1 }
        continue
      }
      if let record = completed(at: now) { records.append(record) } else { count += 1 }
    }
    reads += count > 0 ? Self.readsPerTick : 1
    if count > 0 { suppressed(count) }
    return records
  }

  /// Gives the last line, if it has no end, when the instance is gone.
  package mutating func finish(at now: Int64) -> LogRecord? {
    line.isEmpty ? nil : completed(at: now)
  }

  private mutating func completed(at now: Int64) -> LogRecord? {
    defer {
      line.removeAll(keepingCapacity: true)
      skipped = 0
    }
    guard case .admit(let suppressed) = cap.decide(at: now) else { return nil }
    var record = LogRecord(
      severity: LogLevel.warn.rawValue,
      message: line,
      fields: [],
      plugin: plugin,
      instance: instance,
      tenant: tenant
    )
    record.fields["stream"] = "stderr"
    if skipped > 0 { record.message += "… (\(skipped) bytes more)" }
    if suppressed > 0 { record.fields["suppressed"] = .int(Int64(suppressed)) }
    return record
  }
}
