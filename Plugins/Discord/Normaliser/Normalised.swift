internal import PluginKit

/// What became of an event.
struct Normalised: Sendable {
  /// What is to be published, in this order.
  var envelopes: [Envelope] = []
  /// What was not as Discord says it is.
  var problems: [Problem] = []
  /// What the allow-list says.
  ///
  /// When it is not known, nothing was made of the event yet: look the channel up, tell
  /// `Normaliser.learn`, and try again.
  var verdict = AllowList.Verdict.allowed
  /// How many values were left out because they were too large for an envelope.
  var omissions = 0
  /// The message that one of the envelopes tells of, if it is a new one.
  var created: Created?

  /// The new message that an envelope tells of, if it does.
  func message(of envelope: borrowing Envelope) -> Created? {
    envelope.intent == SocialMessageCreated.intent ? created : nil
  }

  /// A new message, and where it is.
  struct Created: Sendable {
    let channel: Snowflake
    let id: Snowflake
  }
}

/// Something in an event that is not as it should be.
///
/// What was found is told by its kind alone, since it may be anything.
struct Problem: Sendable, Hashable, CustomStringConvertible {
  var event: String
  /// The path in the event's data; empty: all of it.
  var field: String
  var expected: String
  var found: String

  var description: String { "\(event)\(field.isEmpty ? "" : ": \(field)"): expected \(expected), found \(found)" }
}

extension Problem {
  /// The longest name of an event that a message shows.
  private static let nameMax = 64

  init(_ event: String, _ field: String, expected: String, found: JSONView?) {
    self.event = String(event.prefix(Self.nameMax))
    self.field = field
    self.expected = expected
    self.found =
      switch found?.kind {
      case nil: "nothing"
      case .null: "null"
      case .bool: "a truth value"
      case .number: "a number"
      case .string: "a string of \((found?.range.count ?? 2) - 2) bytes"
      case .array: "an array"
      case .object: "an object"
      }
  }
}
