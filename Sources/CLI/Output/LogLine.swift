internal import Envelope

/// A record of the log on one line, for a person.
struct LogLine {
  private let record: JSON

  /// - Parameter record: A record as it stands in the log.
  init(_ record: JSON) { self.record = record }

  /// Time, level, who and what, and then every other field as `key=value`.
  func text(style: Style) -> String {
    let head = [
      style(.faint, time),
      style(role, Cells.pad(level.uppercased(), to: 5)),
      style(.name, self["instance"] ?? self["plugin"] ?? "host"),
      self["message"] ?? "",
    ]
    return (head + fields.map { text(of: $0, style) }).joined(separator: "  ")
  }

  private static let shownKeys: Set = ["ts", "level", "plugin", "instance", "message", "fields", "audit"]

  /// What has no place of its own in the line.
  private var fields: [(key: String, value: JSON)] {
    let common = (record.objectValue ?? [:]).filter { !Self.shownKeys.contains($0.key) && !$0.value.isNull }
    return common + Array(record["fields"]?.objectValue ?? [:])
  }

  private func text(of field: (key: String, value: JSON), _ style: Style) -> String {
    let text = Cells.printable(field.value.stringValue ?? field.value.text)
    let isPlain = !text.isEmpty && !text.contains(" ")
    return style(.faint, "\(Cells.printable(field.key))=") + (isPlain ? text : "\"\(text)\"")
  }

  private var level: String { self["level"] ?? "" }

  private var time: String {
    let text = self["ts"] ?? ""
    return (try? Timestamp(text))?.short ?? text
  }

  private var role: Style.Role {
    switch level {
    case "error": .bad
    case "warn": .warning
    case "debug": .faint
    default: .good
    }
  }

  private subscript(key: String) -> String? { record[key]?.stringValue.map(Cells.printable) }
}
