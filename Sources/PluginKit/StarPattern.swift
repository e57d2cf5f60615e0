/// A text in which `*` stands for any run of characters, none included: how operators write what they allow.
public struct StarPattern: Sendable, Hashable, CustomStringConvertible {
  /// The pattern as it was written.
  public let description: String
  private let bytes: [UInt8]

  private static let star = UInt8(ascii: "*")

  /// A pattern as it is written; any text is one.
  public init(_ text: String) {
    description = text
    bytes = Array(text.utf8)
  }

  /// Whether a text is what the pattern stands for: all of it, byte by byte.
  ///
  /// It goes back to the last star only, so that no input takes more than quadratic time.
  public func matches(_ text: String) -> Bool {
    let text = Array(text.utf8)
    var (mine, theirs) = (0, 0)
    var retry: (mine: Int, theirs: Int)?
    while theirs < text.count {
      if mine < bytes.count, bytes[mine] == Self.star {
        mine += 1
        retry = (mine, theirs)
      } else if mine < bytes.count, bytes[mine] == text[theirs] {
        mine += 1
        theirs += 1
      } else if let last = retry {
        (mine, theirs) = (last.mine, last.theirs + 1)
        retry = (mine, theirs)
      } else {
        return false
      }
    }
    return bytes[mine...].allSatisfy { $0 == Self.star }
  }
}
