internal import Envelope
internal import Glibc

/// The part of the log that waits for disks and terminals; it belongs to the log's thread.
struct LogWriter: ~Copyable {
  private var host: LogFile?
  private var audit: LogFile?

  init(_ options: Log.Options) {
    guard let directory = options.directory else {
      host = nil
      audit = nil
      return
    }
    // A folder that cannot be made is reported when its files cannot.
    try? Directory.make(directory, mode: 0o700)
    host = LogFile(path: "\(directory)/host.log", bytesMax: options.fileBytesMax, files: options.files)
    audit = LogFile(path: "\(directory)/audit.log", bytesMax: options.fileBytesMax, files: options.files)
  }

  /// Writes a batch and says what is to be told about the files.
  mutating func write(_ batch: [Log.Pending]) -> [LogRecord] {
    let lines = batch.filter(\.isForFile)
    let audits = lines.filter(\.entry.isAudit)
    let reports = [
      ("host.log", lines.isEmpty ? nil : host?.append(Self.joined(lines), lines: lines.count)),
      ("audit.log", audits.isEmpty ? nil : audit?.append(Self.joined(audits), lines: audits.count)),
    ]
    let short = batch.compactMap(\.short).joined()
    if !short.isEmpty { _ = LogFile.write(Array(short.utf8), to: STDERR_FILENO) }
    return reports.compactMap { name, report in report.map { Self.record($0, about: name) } }
  }

  private static func joined(_ batch: [Log.Pending]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(batch.reduce(0) { $0 + $1.entry.line.count + 1 })
    for pending in batch {
      bytes += pending.entry.line
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  private static func record(_ report: LogFile.Report, about name: String) -> LogRecord {
    switch report {
    case .failed(let error):
      LogRecord(level: .error, message: "log: \(error); going on without \(name)", fields: ["outcome": "error"])
    case .recovered(let lost):
      LogRecord(
        level: .warn,
        message: "log: \(name) can be written again; \(lost) lines are missing from it",
        fields: ["outcome": "ok", "lost": .int(Int64(lost))]
      )
    }
  }
}
