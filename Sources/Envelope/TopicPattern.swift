/// A set of topics: tokens, `*` for any one token, `>` last for one or more, and `(a|b)` for one of several.
public struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
  /// One place of a pattern without groups.
  public enum Token: Sendable, Hashable {
    /// Exactly this token.
    case literal(String)
    /// Any one token.
    case any
    /// One or more tokens, to the end.
    case rest
  }

  /// The most alternatives that a pattern's groups may multiply out to: each is a path in the router's trie.
  public static let alternativesMax = 64

  /// What one place of the pattern accepts.
  private enum Place: Sendable, Hashable {
    case oneOf([String])
    case any
    case rest
  }

  /// The pattern as text.
  public let description: String
  private let places: [Place]

  /// Creates a pattern from its text.
  public init(_ text: String) throws(TopicError) {
    func fail(_ reason: String) -> TopicError { TopicError(text: text, reason: reason) }
    guard text.utf8.count <= Topic.sizeMax else {
      throw fail("expected at most \(Topic.sizeMax) bytes, found \(text.utf8.count)")
    }
    let tokens = TokenRule.tokens(of: text)
    guard tokens.count <= Topic.tokensMax else {
      throw fail("expected at most \(Topic.tokensMax) tokens, found \(tokens.count)")
    }
    var places: [Place] = []
    var alternatives = 1
    for (index, token) in tokens.enumerated() {
      let place = try Self.place(token, of: text)
      if place == .rest && index < tokens.count - 1 { throw fail("expected '>' only as the last token") }
      if case .oneOf(let names) = place { alternatives *= names.count }
      // Checked at each step, so that the product cannot overflow.
      guard alternatives <= Self.alternativesMax else {
        throw fail("expected at most \(Self.alternativesMax) alternatives, found more")
      }
      places.append(place)
    }
    self.places = places
    description = text
  }

  private static func place(_ token: Substring, of text: String) throws(TopicError) -> Place {
    switch token {
    case "*": return .any
    case ">": return .rest
    default: break
    }
    let isGroup = token.hasPrefix("(") && token.hasSuffix(")")
    let names = isGroup ? token.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false) : [token]
    for name in names where !TokenRule.isTopicToken(name) {
      let reason = "expected a token of \(TokenRule.topicTokenRule), '*', '>' or '(a|b)', found '\(token)'"
      throw TopicError(text: text, reason: reason)
    }
    return .oneOf(names.map(String.init))
  }

  /// The pattern with every group multiplied out.
  public var alternatives: [[Token]] {
    places.reduce([[]]) { prefixes, place in
      switch place {
      case .any: prefixes.map { $0 + [.any] }
      case .rest: prefixes.map { $0 + [.rest] }
      case .oneOf(let names): prefixes.flatMap { prefix in names.map { prefix + [.literal($0)] } }
      }
    }
  }

  /// Returns whether a topic belongs to the set; text with an empty token belongs to none.
  public func matches(_ topic: String) -> Bool {
    let tokens = TokenRule.tokens(of: topic)
    guard tokens.allSatisfy({ !$0.isEmpty }) else { return false }
    for (index, place) in places.enumerated() {
      guard index < tokens.count else { return false }
      switch place {
      case .rest: return true
      case .any: continue
      case .oneOf(let names): if !names.contains(where: { $0 == tokens[index] }) { return false }
      }
    }
    return tokens.count == places.count
  }

  /// Returns whether every topic that another pattern matches is matched by this one.
  public func covers(_ other: TopicPattern) -> Bool {
    // A pattern is a product of one set a place, so it covers another when each of its places does.
    for (mine, theirs) in zip(places, other.places) {
      switch (mine, theirs) {
      case (.rest, _): return true
      case (_, .rest): return false
      case (.any, _): continue
      case (.oneOf, .any): return false
      case (.oneOf(let mine), .oneOf(let theirs)): if !theirs.allSatisfy(mine.contains) { return false }
      }
    }
    return places.count == other.places.count
  }

  /// Returns whether there is a topic that both patterns match.
  public func overlaps(_ other: TopicPattern) -> Bool {
    for (mine, theirs) in zip(places, other.places) {
      switch (mine, theirs) {
      case (.rest, _), (_, .rest): return true
      case (.any, _), (_, .any): continue
      case (.oneOf(let mine), .oneOf(let theirs)): if !theirs.contains(where: mine.contains) { return false }
      }
    }
    return places.count == other.places.count
  }
}
