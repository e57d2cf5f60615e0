/// What Reddit calls a thing wherever its type is not clear: the type, and a number in base 36, such as `t1_dbhn11d`.
///
/// Source: https://www.reddit.com/dev/api/#fullnames
struct Fullname: Sendable, Hashable, CustomStringConvertible {
  enum Kind: String, Sendable {
    case comment = "t1"
    case submission = "t3"
    case message = "t4"
  }

  /// The most digits that are taken for a number.
  private static let digitsMax = 13

  let kind: Kind
  /// The digits: 0-9 and a-z.
  let id: String

  init(_ kind: Kind, _ id: String) {
    (self.kind, self.id) = (kind, id)
  }

  /// Reads a name; nil of what is none of a comment, submission or message.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), Self.isID(parts[1]) else { return nil }
    self.init(kind, String(parts[1]))
  }

  var description: String { "\(kind.rawValue)_\(id)" }

  /// Whether some text can be the id of a thing.
  static func isID(_ text: some StringProtocol) -> Bool {
    (1...digitsMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }
}
