internal import Envelope

/// What tables show of a stored document.
enum DocumentRow {
  /// When it was made; a dash if that is not known, or is no time that a calendar has.
  static func time(_ document: JSON) -> String {
    let milliseconds = document["created_at"]?.intValue
    guard let (nanoseconds, overflows) = milliseconds?.multipliedReportingOverflow(by: 1_000_000), !overflows else {
      return "-"
    }
    return Timestamp(nanoseconds: nanoseconds).short
  }

  /// A text of its own; empty if there is none.
  static func text(_ document: JSON, _ key: String) -> String { document[key]?.stringValue ?? "" }
}
