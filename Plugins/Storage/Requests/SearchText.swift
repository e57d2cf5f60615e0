/// Words that somebody looks for, as a query of FTS5.
///
/// All words must be there, or any of them, as is asked for. What stands in quotes is a phrase, and a star behind a word or phrase lets its last word go
/// on, which is what FTS5 makes of one.
/// Nothing else means anything: each word is quoted, so that no text is a mistake in FTS5's own language.
struct SearchText {
  /// The query, to be bound.
  let query: String

  /// How many of the words must be there.
  enum Match: String, CaseIterable {
    case all
    case any
  }

  /// Nil if there is nothing in the text that the index could hold.
  init?(_ text: String, _ match: Match = .all) {
    var terms: [String] = []
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      // Every second part was between two quotes; one that was opened and not closed counts as closed at the end.
      if index.isMultiple(of: 2) {
        terms += part.split(whereSeparator: \.isWhitespace).map(String.init)
      } else {
        // A star right behind the closing quote belongs to the phrase.
        let isStarred = index + 1 < parts.count && parts[index + 1].hasPrefix("*")
        terms.append(part + (isStarred ? "*" : ""))
      }
    }
    let quoted = terms.filter(Self.isIndexed).map(Self.quote)
    guard !quoted.isEmpty else { return nil }
    query = quoted.joined(separator: match == .all ? " AND " : " OR ")
  }

  /// Whether there is a letter or a digit: FTS5 indexes nothing else, and would find nothing for the whole query.
  private static func isIndexed(_ term: String) -> Bool {
    term.unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
  }

  private static func quote(_ term: String) -> String {
    // A NUL would end the query for FTS5, which reads it as a C string.
    let words = term.split(separator: "\0").joined(separator: " ")
    return words.hasSuffix("*") ? "\"\(words.dropLast())\"*" : "\"\(words)\""
  }
}
