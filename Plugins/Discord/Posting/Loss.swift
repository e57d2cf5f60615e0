internal import PluginKit

/// Something of a wish that Discord's message does not show, and why.
struct Loss: Sendable, Hashable {
  /// The wish's field, such as `attachments[0]`.
  let field: String
  let reason: String

  /// The most losses that are told of one wish, and the most characters of a field: a wish may have any key.
  static let countMax = 32
  private static let fieldMax = 80

  init(_ field: String, _ reason: String) {
    self.field = String(field.prefix(Self.fieldMax))
    self.reason = reason
  }

  /// Losses as they are told: of too many the first, and how many more there are.
  static func told(_ losses: [Loss]) -> [Loss] {
    guard losses.count > countMax else { return losses }
    return losses.prefix(countMax) + [Loss("losses", "\(losses.count - countMax) more are not told")]
  }

  var json: JSON { ["field": .string(field), "reason": .string(reason)] }
}
