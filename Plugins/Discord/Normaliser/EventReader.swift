internal import PluginKit

/// The data of one event, read field by field; what is not as it should be is kept as a problem.
struct EventReader {
  let event: String
  let data: JSONView
  private(set) var problems: [Problem] = []

  init(event: String, data: JSONView) {
    self.event = event
    self.data = data
  }

  mutating func report(_ field: String, expected: String, found: JSONView?) {
    problems.append(Problem(event, field, expected: expected, found: found))
  }

  /// The id at a key.
  mutating func id(_ key: String) -> Snowflake? { id(data[key], key) }

  /// An id that has to be there.
  mutating func id(_ view: JSONView?, _ field: String) -> Snowflake? {
    if let view, let id = Snowflake(view) { return id }
    report(field, expected: "an id: digits in quotes", found: view)
    return nil
  }

  /// An id that may be missing or null.
  mutating func id(ifPresent key: String) -> Snowflake? {
    guard let view = data[key], !view.isNull else { return nil }
    return id(view, key)
  }

  /// A time that may be missing or null.
  mutating func time(ifPresent key: String) -> Timestamp? {
    guard let view = data[key], !view.isNull else { return nil }
    let text = view.plain ?? view.string.map { Array($0.utf8)[...] }
    if let time = text.flatMap({ try? Timestamp(utf8: $0) }) { return time }
    report(key, expected: "an RFC 3339 time", found: view)
    return nil
  }

  /// A list that may be missing.
  mutating func list(ifPresent key: String) -> JSONView? {
    guard let view = data[key] else { return nil }
    if view.kind == .array { return view }
    report(key, expected: "an array", found: view)
    return nil
  }
}

extension Snowflake {
  /// The id that a JSON string says; nil for what is no id.
  init?(_ view: JSONView) {
    guard let digits = view.plain, !digits.isEmpty else { return nil }
    var number: UInt64 = 0
    for byte in digits {
      let digit = byte &- UInt8(ascii: "0")
      let (scaled, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = scaled.addingReportingOverflow(UInt64(digit))
      guard digit < 10, !isTooLarge, !overflow else { return nil }
      number = sum
    }
    self.init(number)
  }
}
