internal import Envelope

/// What `promethean erase` says to a person.
enum ErasurePage {
  /// Whether everything was searched, and nothing found.
  static func isProven(_ report: JSON) -> Bool {
    report["found"]?.arrayValue?.isEmpty == true && report["unread"]?.arrayValue?.isEmpty == true
  }

  static func lines(_ report: JSON, style: Style) -> [String] {
    func count(_ key: String) -> String { "\(report[key]?.intValue ?? 0)" }
    let isDry = report["dry_run"]?.boolValue == true
    var lines = [
      "\(isDry ? "found" : "erased") \(count("documents")) documents, \(count("records")) records of the journal, "
        + "\(count("dead_letters")) dead letters"
    ]
    guard !isDry else { return lines }
    lines[0] += ", \(count("vectors")) vectors, \(count("blobs")) blobs"
    if count("redacted") != "0" {
      lines.append("\(count("redacted")) documents of others lost the provider's own event, which named the author")
    }
    let found = report["found"]?.arrayValue ?? []
    let places = found.reduce(Int64(0)) { $0 + ($1["count"]?.intValue ?? 0) }
    lines.append(
      "searched \(count("files")) files, \(count("bytes")) bytes, for the id and \(count("texts")) texts: "
        + style(isProven(report) ? .good : .bad, "found: \(places)")
    )
    for place in found {
      let path = Cells.printable(place["path"]?.stringValue ?? "")
      lines.append("  \(path): \(Cells.printable(place["kind"]?.stringValue ?? "")) \(place["count"]?.intValue ?? 0)")
    }
    for path in report["unread"]?.arrayValue ?? [] {
      lines.append("  \(Cells.printable(path.stringValue ?? "")): cannot be read")
    }
    return lines
  }
}
