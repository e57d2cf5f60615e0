/// The latest entries, in memory: so many at most, and so many bytes.
struct LogHistory {
  static let entriesMax = 2000
  /// Twice what that many ordinary lines take; a plugin that logs long ones has fewer of them kept.
  static let bytesMax = 4 << 20

  private var entries: [LogEntry] = []
  /// Entries before here are gone; they are taken off the array in bulk.
  private var start = 0
  private var bytes = 0

  mutating func append(_ entry: LogEntry) {
    entries.append(entry)
    bytes += entry.line.count
    while entries.count - start > Self.entriesMax || bytes > Self.bytesMax {
      bytes -= entries[start].line.count
      start += 1
    }
    guard start >= Self.entriesMax else { return }
    entries.removeFirst(start)
    start = 0
  }

  /// The latest entries that match, oldest first.
  func latest(_ limit: Int, matching filter: LogFilter) -> [LogEntry] {
    entries[start...].reversed().lazy.filter(filter.matches).prefix(limit).reversed()
  }
}
