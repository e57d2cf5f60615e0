/// A text as pages of at most so many characters, cut where a reader would: between paragraphs, lines, sentences or
/// words, if one of these is not far.
struct TextPages: Hashable {
  let pages: [String]
  /// What does not fit them.
  let rest: String

  /// Cuts a text into at most so many pages, of which the first may be of another size than the others.
  init(_ text: String, first: Int, others: Int, pagesMax: Int) {
    var pages: [String] = []
    var rest = Self.trimmed(text[...])
    while !rest.isEmpty, pages.count < pagesMax {
      let limit = pages.isEmpty ? first : others
      let page = Self.page(rest, limit)
      let text = Self.trimmed(page)
      // Of white space alone there is nothing to say.
      if !text.isEmpty { pages.append(String(text)) }
      rest = Self.trimmed(rest[page.endIndex...])
    }
    self.pages = pages
    self.rest = String(rest)
  }

  /// Reddit counts characters as Unicode's scalars.
  private static func page(_ text: Substring, _ limit: Int) -> Substring {
    guard text.unicodeScalars.count > limit else { return text }
    let end = text.unicodeScalars.index(text.startIndex, offsetBy: limit)
    // No character is cut, unless it alone is longer than a page.
    var page = text[..<text.index(before: text.unicodeScalars.index(after: end))]
    if page.unicodeScalars.count > limit { page = page.dropLast() }
    if page.isEmpty { return text[..<end] }
    // A place to cut is looked for in the last half: else pages would be short.
    let half = page.index(page.startIndex, offsetBy: page.count / 2)
    for mark in ["\n\n", "\n", ". ", " "] {
      if let place = lastRange(of: mark, in: page[half...]) { return page[..<place] }
    }
    return page
  }

  /// Where the last one of a mark ends.
  private static func lastRange(of mark: String, in text: Substring) -> String.Index? {
    var place = text.endIndex
    while place > text.startIndex {
      if text[..<place].hasSuffix(mark) { return place }
      place = text.index(before: place)
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    // Spaces at the beginning of a line mean something in markdown.
    let start = text.drop(while: \.isNewline)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
