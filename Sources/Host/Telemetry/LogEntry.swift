package import Envelope

/// A record in the form it is kept and written in, which is bounded in size whatever the record was.
package struct LogEntry: Sendable, Hashable {
  package let level: LogLevel
  package let plugin: String?
  package let instance: String?
  package let isAudit: Bool
  /// The record as a line of JSON, without its end.
  package let line: [UInt8]

  package init(_ record: LogRecord, _ redactor: Redactor = Redactor()) {
    level = record.level
    plugin = record.plugin
    instance = record.instance
    isAudit = record.isAudit
    line = redactor.redact(record.line)
  }

  package var json: JSON { (try? JSON.parse(line)) ?? .null }
}

/// Which records somebody wants to see.
package struct LogFilter: Sendable, Hashable {
  /// A plugin's id or an instance's name; nil: all, and the host's.
  package var plugin: String?
  /// The lowest level.
  package var level: LogLevel
  /// Only decisions on what somebody may do.
  package var isAudit: Bool

  package init(plugin: String? = nil, level: LogLevel = .debug, isAudit: Bool = false) {
    self.plugin = plugin
    self.level = level
    self.isAudit = isAudit
  }

  package func matches(_ entry: LogEntry) -> Bool {
    guard entry.level >= level, entry.isAudit || !isAudit else { return false }
    guard let plugin else { return true }
    return entry.plugin == plugin || entry.instance == plugin
  }
}
