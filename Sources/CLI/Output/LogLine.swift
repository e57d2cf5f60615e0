internal import Envelope

/// A record of the log on one line, for a person.
struct LogLine {
  private let record: JSON

  /// - Parameter record: A record as it stands in the log.
  init(_ record: JSON) { self.record = record }

  /// Time, level, who and what, and then every other field as `key=value`.
  func text(style: Style) -> String {
    var fields = [
      style(.faint, time),
      style(role, Cells.pad(level.uppercased(), to: 7)),
      style(.name, first(of: Self.sourceKeys)),
      first(of: Self.messageKeys),
    ]
    for (key, value) in record.objectValue ?? [:] where !Self.shownKeys.contains(key) && !value.isNull {
      let text = Cells.printable(value.stringValue ?? value.text)
      guard !text.isEmpty else { continue }
      fields.append(style(.faint, "\(Cells.printable(key))=") + (text.contains(" ") ? "\"\(text)\"" : text))
    }
    return fields.filter { !$0.isEmpty }.joined(separator: "  ")
  }

  private static let timeKeys = ["time", "ts"]
  private static let sourceKeys = ["instance", "plugin"]
  private static let messageKeys = ["message", "msg"]
  private static let shownKeys = Set(timeKeys + sourceKeys + messageKeys + ["level"])

  private var level: String { first(of: ["level"]) }

  private var time: String {
    let text = first(of: Self.timeKeys)
    return (try? Timestamp(text))?.short ?? text
  }

  private var role: Style.Role {
    switch level {
    case "error": .bad
    case "warning": .warning
    case "debug": .faint
    default: .good
    }
  }

  private func first(of keys: [String]) -> String {
    Cells.printable(keys.lazy.compactMap { record[$0]?.stringValue }.first ?? "")
  }
}
