public import PluginKit

/// Something of a wish that the provider's message does not show, and why.
public struct Loss: Sendable, Hashable {
  /// The wish's field, such as `attachments[0]`.
  public let field: String
  /// Why it is not shown.
  public let reason: String

  /// The most losses that are told of one wish, and the most characters of a field: a wish may have any key.
  public static let countMax = 32
  private static let fieldMax = 80

  /// A loss of a field, for a reason.
  public init(_ field: String, _ reason: String) {
    self.field = String(field.prefix(Self.fieldMax))
    self.reason = reason
  }

  /// Losses as they are told: of too many the first, and how many more there are.
  public static func told(_ losses: [Loss]) -> [Loss] {
    guard losses.count > countMax else { return losses }
    return losses.prefix(countMax) + [Loss("losses", "\(losses.count - countMax) more are not told")]
  }

  /// As it stands in the answer to a wish.
  public var json: JSON { ["field": .string(field), "reason": .string(reason)] }
}
