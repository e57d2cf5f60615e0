/// The latest entries, in memory; those of the audit also apart, since whoever logs much would push them out.
struct LogHistory {
  static let entriesMax = 2000
  /// Twice what that many ordinary lines take; a plugin that logs long ones has fewer of them kept.
  static let bytesMax = 4 << 20
  /// Entries of the audit, and their bytes: a quarter of all, of what there is far less.
  static let auditsMax = 500
  static let auditBytesMax = 1 << 20

  private var all = LatestEntries(entriesMax: entriesMax, bytesMax: bytesMax)
  private var audits = LatestEntries(entriesMax: auditsMax, bytesMax: auditBytesMax)

  mutating func append(_ entry: LogEntry) {
    all.append(entry)
    if entry.isAudit { audits.append(entry) }
  }

  /// The latest entries that match, oldest first.
  func latest(_ limit: Int, matching filter: LogFilter) -> [LogEntry] {
    (filter.isAudit ? audits : all).latest(limit, matching: filter)
  }
}

/// So many entries at most, and so many bytes.
private struct LatestEntries {
  let entriesMax: Int
  let bytesMax: Int
  private var entries: [LogEntry] = []
  /// Entries before here are gone; they are taken off the array in bulk.
  private var start = 0
  private var bytes = 0

  init(entriesMax: Int, bytesMax: Int) {
    (self.entriesMax, self.bytesMax) = (entriesMax, bytesMax)
  }

  mutating func append(_ entry: LogEntry) {
    entries.append(entry)
    bytes += entry.line.count
    while entries.count - start > entriesMax || bytes > bytesMax {
      bytes -= entries[start].line.count
      start += 1
    }
    guard start >= entriesMax else { return }
    entries.removeFirst(start)
    start = 0
  }

  func latest(_ limit: Int, matching filter: LogFilter) -> [LogEntry] {
    entries[start...].reversed().lazy.filter(filter.matches).prefix(limit).reversed()
  }
}
