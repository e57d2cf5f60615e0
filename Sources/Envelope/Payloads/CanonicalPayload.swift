/// A payload that means the same on every provider.
///
/// Its JSON is what the schema of the same name in `schemas/` says. Keys that it does not know are ignored, so that a
/// later version can add some.
public protocol CanonicalPayload: Sendable, Hashable {
  /// The intent of an envelope that bears it.
  static var intent: String { get }

  /// Creates the payload from JSON.
  init(json: JSON) throws(PayloadError)

  /// The payload as JSON; what is nil is absent.
  var json: JSON { get }
}

/// The reason why some JSON is not the payload it should be.
public struct PayloadError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The key in question, such as `attachments[0].url`; empty for the whole.
  public let key: String
  /// What was expected there.
  public let expected: String
  /// What was found there.
  public let found: String

  /// Creates an error about a key.
  public init(key: String, expected: String, found: String) {
    (self.key, self.expected, self.found) = (key, expected, found)
  }

  /// The message for people.
  public var description: String { "\(key.isEmpty ? "payload" : key): expected \(expected), found \(found)" }
}
