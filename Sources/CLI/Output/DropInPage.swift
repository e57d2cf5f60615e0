internal import Envelope

/// What lies in `plugins.d` and does not run as it is, for a person.
struct DropInPage {
  private let report: JSON

  /// - Parameter report: What the host's status says of them.
  init(_ report: JSON) {
    self.report = report
  }

  /// A line for each file, with what it requests below; nothing when there is nothing to say.
  func lines(style: Style) -> [String] {
    let files = report["files"]?.arrayValue ?? []
    guard !files.isEmpty else { return [] }
    let more = (report["count"]?.intValue ?? 0) - Int64(files.count)
    return [style(.heading, "IN plugins.d")] + files.flatMap { lines($0, style) }
      + (more > 0 ? [style(.faint, "and \(more) files more")] : [])
  }

  private func lines(_ file: JSON, _ style: Style) -> [String] {
    let state = Self.text(file, "state")
    let words = "\(style(.name, Self.text(file, "file")))  \(style(Self.role(state), state)): "
    switch state {
    case "broken": return [words + Self.text(file, "reason")]
    case "changed":
      let signature = file["signature"] ?? .null
      let reason = signature["state"] == "bad" ? Self.text(signature, "reason") : nil
      let problem = reason.map { "; nobody trusted has signed it: \($0)" } ?? ""
      let plugin = Self.text(file, "plugin")
      return [words + "\(plugin) runs another one; promethean plan says what this would change\(problem)"]
    default:
      let requests = (file["requests"]?.arrayValue ?? []).compactMap(\.stringValue).map(Cells.printable)
      return [words + Self.library(file)] + requests.map { "    requests \($0)" }
    }
  }

  /// What a library is, in a line.
  static func library(_ file: JSON) -> String {
    let provider = file["provider"]?.stringValue.map { " of \($0)" } ?? ""
    let name = "\(text(file, "id")) \(text(file, "version")), \(text(file, "kind"))\(Cells.printable(provider))"
    let signature = file["signature"] ?? .null
    switch signature["state"]?.stringValue {
    case "signed": return "\(name), signed with \(text(signature, "key"))"
    case "bad": return "\(name), not signed by anybody trusted: \(text(signature, "reason"))"
    default: return "\(name), not signed"
    }
  }

  private static func role(_ state: String) -> Style.Role {
    switch state {
    case "broken": .bad
    case "changed": .warning
    default: .good
    }
  }

  private static func text(_ value: JSON, _ key: String) -> String { Cells.printable(value[key]?.stringValue ?? "?") }
}
