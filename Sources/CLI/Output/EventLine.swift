internal import Envelope

/// An envelope on one line, for a person who watches.
struct EventLine {
  private let event: JSON

  /// - Parameter event: The envelope as a CloudEvent.
  init(_ event: JSON) { self.event = event }

  /// The time of day, topic, intent, source, key and trace; a failed answer is red.
  func text(style: Style) -> String {
    let isError = self["kind"] == "error"
    let fields = [
      style(.faint, time),
      style(isError ? .bad : .name, self["topic"]),
      style(.heading, intent),
      style(.good, source),
      self["partitionkey"],
      style(.faint, trace),
    ]
    return fields.filter { !$0.isEmpty }.joined(separator: "  ")
  }

  private subscript(_ attribute: String) -> String { Cells.printable(event[attribute]?.stringValue ?? "") }

  private var time: String { (try? Timestamp(self["time"]))?.timeOfDay ?? self["time"] }

  /// What is left of `promethean.<area>.<intent>`.
  private var intent: String {
    self["type"].split(separator: ".", maxSplits: 2).last.map(String.init) ?? ""
  }

  private var source: String {
    let prefix = "urn:promethean:"
    return self["source"].hasPrefix(prefix) ? String(self["source"].dropFirst(prefix.count)) : self["source"]
  }

  /// The trace's own id, without version and span.
  private var trace: String {
    let parts = self["traceparent"].split(separator: "-")
    return parts.count == 4 ? String(parts[1]) : ""
  }
}
