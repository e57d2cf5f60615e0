/// A text in which `*` stands for any run of characters, none included: how operators write what they allow.
public struct StarPattern: Sendable, Hashable, CustomStringConvertible {
  /// The pattern as it was written.
  public let description: String
  private let pattern: [UInt8]

  private static let star = UInt8(ascii: "*")

  /// A pattern as it is written; any text is one.
  public init(_ text: String) {
    description = text
    pattern = Array(text.utf8)
  }

  /// Whether there is no star in it, so that it stands for itself alone.
  public var isLiteral: Bool { !pattern.contains(Self.star) }

  /// Whether a text is what the pattern stands for: all of it, byte by byte.
  public func matches(_ text: some StringProtocol) -> Bool {
    matches(text.utf8)
  }

  /// Tells whether every text that `other` matches is matched by this one.
  ///
  /// A star of the other stands for texts of which this knows nothing, so that only a star of its own can take it;
  /// apart from that the other's pattern is a text like any other.
  public func covers(_ other: StarPattern) -> Bool {
    matches(other.pattern)
  }

  /// Matches greedily, going back to the last star only: no input takes more than quadratic time.
  private func matches<Text: Collection<UInt8>>(_ text: Text) -> Bool {
    var mine = 0
    var theirs = text.startIndex
    var retry: (mine: Int, theirs: Text.Index)?
    while theirs != text.endIndex {
      if mine < pattern.count, pattern[mine] == Self.star {
        mine += 1
        retry = (mine, theirs)
      } else if mine < pattern.count, pattern[mine] == text[theirs] {
        mine += 1
        text.formIndex(after: &theirs)
      } else if let last = retry {
        mine = last.mine
        theirs = text.index(after: last.theirs)
        retry = (mine, theirs)
      } else {
        return false
      }
    }
    return pattern[mine...].allSatisfy { $0 == Self.star }
  }
}
