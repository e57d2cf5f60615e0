internal import PluginKit

/// What an access plugin answers to an order of a page of history.
struct PageReport: Sendable, Equatable {
  /// The longest cursor in bytes, as `rest.request` has it.
  private static let cursorMax = 512

  /// How many messages were recorded.
  var messages: Int
  /// When the first and last of what is complete by it was written, in milliseconds since 1970; nil: nothing is.
  var newest: Int64?
  var oldest: Int64?
  /// What the next page is asked for by; nil: there is none.
  var next: String?
  /// Why there is none.
  var floor: CoverageLedger.Floor?

  /// Reads the `data` of an answer; nil if it is none.
  init?(_ data: JSON) {
    guard let messages = data["messages"]?.intValue, messages >= 0, let next = data["next"] else { return nil }
    self.messages = Int(messages)
    (newest, oldest) = (data["newest"]?.intValue, data["oldest"]?.intValue)
    guard !next.isNull else {
      // Whoever does not say that there is nothing older may have more another time.
      floor = data["end"]?.boolValue == true ? .end : .truncated
      return
    }
    guard let cursor = next.stringValue, (1...Self.cursorMax).contains(cursor.utf8.count) else { return nil }
    self.next = cursor
  }
}
