/// The reason why some text is not a topic or a topic pattern.
public struct TopicError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The text in question.
  public let text: String
  /// What was expected and what was found.
  public let reason: String

  /// The message for people.
  public var description: String { "topic \(text.debugDescription): \(reason)" }
}
