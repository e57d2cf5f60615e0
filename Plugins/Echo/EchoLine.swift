internal import PluginKit

/// A message as the provider `echo` has it: one line of JSON.
struct EchoLine {
  /// The longest id of a message, in bytes, so that the ids that derive from it fit an envelope's field.
  static let idMax = 512

  let id: String
  let author: String
  let space: String
  let thread: String?
  let inReplyTo: String?
  let text: String
  let createdAt: Timestamp
  /// The line as it came.
  let raw: JSON

  init(json: JSON) throws(PayloadError) {
    guard json.objectValue != nil else { throw PayloadError(key: "", expected: "object", found: "\(json)") }
    raw = json
    id = try json.line("id")
    author = try json.line("author")
    space = try json.line("space")
    thread = try json.optionalText("thread")
    inReplyTo = try json.optionalText("in_reply_to")
    text = try json.text("text")
    createdAt = try json.time("created_at")
    guard id.utf8.count <= Self.idMax else {
      throw PayloadError(key: "id", expected: "at most \(Self.idMax) bytes", found: "\(id.utf8.count)")
    }
  }
}

extension JSON {
  /// How much of a value a message shows.
  private static let shown = 60

  private func wrong(_ key: String, _ expected: String) -> PayloadError {
    PayloadError(key: key, expected: expected, found: self[key].map { String($0.text.prefix(Self.shown)) } ?? "nothing")
  }

  fileprivate func text(_ key: String) throws(PayloadError) -> String {
    guard let text = self[key]?.stringValue else { throw wrong(key, "string") }
    return text
  }

  /// A text that names something, and so is not empty.
  fileprivate func line(_ key: String) throws(PayloadError) -> String {
    guard let text = self[key]?.stringValue, !text.isEmpty else { throw wrong(key, "string that is not empty") }
    return text
  }

  /// A text that may be missing, null or empty: all three say that there is none.
  fileprivate func optionalText(_ key: String) throws(PayloadError) -> String? {
    guard let value = self[key], !value.isNull else { return nil }
    guard let text = value.stringValue else { throw wrong(key, "string or null") }
    return text.isEmpty ? nil : text
  }

  /// Seconds since 1970, or RFC 3339.
  fileprivate func time(_ key: String) throws(PayloadError) -> Timestamp {
    let value = self[key]
    if let text = value?.stringValue, let time = try? Timestamp(text) { return time }
    if let seconds = value?.intValue {
      let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
      if !overflow { return Timestamp(nanoseconds: nanoseconds) }
    }
    throw wrong(key, "seconds since 1970 or RFC 3339 time")
  }
}
