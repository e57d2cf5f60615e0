/// A text as Discord's markdown reads it, as far as that decides where it may be cut.
///
/// Positions count scalars, since marks are scalars to Discord, whatever a reader sees as one character.
struct MarkdownMap {
  /// How good a place for a cut is.
  enum Place: UInt8, Comparable {
    /// Within what belongs together.
    case never
    /// Between two characters.
    case any
    /// Within a code block or a spoiler, which are better left whole.
    case innerWord, innerLine, innerParagraph
    case word, sentence, line, paragraph

    static func < (one: Place, other: Place) -> Bool { one.rawValue < other.rawValue }
  }

  /// What can be closed and opened again around a cut.
  struct Container {
    /// All of it, and what is between its marks.
    let range: Range<Int>
    let inner: Range<Int>
    /// What closes it.
    let mark: String
    /// What opens it again.
    let opening: String
    /// Whether it is a code block.
    let isBlock: Bool
    /// Whether white space in it counts and marks in it are none.
    let isCode: Bool
    /// What it is in.
    let parent: Int?
  }

  /// The scalars; a line break of two is two.
  let scalars: [Unicode.Scalar]
  /// How good a cut before each scalar is, and behind the last.
  private(set) var places: [Place]
  private(set) var containers: [Container] = []
  /// The innermost container that a cut before each scalar is in.
  private var owners: [Int?]
  /// UTF-16 units before each scalar, and of all.
  private let widths: [Int]

  init(_ text: String, lengthMax: Int) {
    scalars = Array(text.unicodeScalars)
    var widths = [0]
    widths.reserveCapacity(scalars.count + 1)
    for scalar in scalars { widths.append(widths[widths.count - 1] + scalar.utf16.count) }
    self.widths = widths
    owners = Array(repeating: nil, count: scalars.count + 1)
    places = Array(repeating: .never, count: scalars.count + 1)
    markCharacters(of: text, lengthMax: lengthMax)
    markSpace()
    var scanner = MarkdownScanner(scalars, sizeMax: lengthMax - Self.marksMax)
    scanner.scan(0..<scalars.count, in: nil)
    containers = scanner.containers
    for (index, container) in containers.enumerated() { mark(container, index) }
    for atom in scanner.atoms { for end in (atom.lowerBound + 1)..<atom.upperBound { places[end] = .never } }
  }

  /// Room for the marks that are added around a cut.
  private static let marksMax = 64

  var count: Int { scalars.count }

  func text(_ range: Range<Int>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[range])
    return String(text)
  }

  func width(_ range: Range<Int>) -> Int { widths[range.upperBound] - widths[range.lowerBound] }

  /// The last position up to which what begins at `begin` is at most so wide.
  func last(from begin: Int, width: Int) -> Int {
    var (low, high) = (begin, count)
    while low < high {
      let middle = (low + high + 1) / 2
      if self.width(begin..<middle) <= width { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The containers that a cut is in, outermost first.
  func containers(at cut: Int) -> [Container] {
    var found: [Container] = []
    var next = owners[cut]
    while let index = next {
      found.append(containers[index])
      next = containers[index].parent
    }
    return found.reversed()
  }

  func firstVisible(from start: Int) -> Int {
    scalars[start...].firstIndex { !$0.properties.isWhitespace } ?? count
  }

  /// Behind the last scalar before `end` that is not white space.
  func lastVisible(before end: Int) -> Int {
    (scalars[..<end].lastIndex { !$0.properties.isWhitespace } ?? -1) + 1
  }

  // MARK: - Places

  /// Allows a cut between any two characters, and within one that alone would fill a good part of a message.
  private mutating func markCharacters(of text: String, lengthMax: Int) {
    var start = 0
    for character in text {
      places[start] = .any
      let size = character.unicodeScalars.count
      if character.utf16.count > lengthMax / 4 { for inner in start..<(start + size) { places[inner] = .any } }
      start += size
    }
    places[count] = .any
  }

  /// Prefers a cut at white space, before, within or behind it, by what it parts.
  private mutating func markSpace() {
    var start = 0
    while start < count {
      let isEnd = Self.endsAlone.contains(scalars[start])
      guard scalars[start].properties.isWhitespace || isEnd else {
        start += 1
        continue
      }
      var end = start + (isEnd ? 1 : 0)
      let begin = end
      while end < count, scalars[end].properties.isWhitespace { end += 1 }
      let breaks = scalars[begin..<end].count { $0 == "\n" }
      let place: Place =
        breaks > 1 ? .paragraph : breaks == 1 ? .line : isEnd || endsSentence(start) ? .sentence : .word
      for cut in begin...end where places[cut] != .never { places[cut] = max(places[cut], place) }
      start = end
    }
  }

  /// What ends a sentence where no space follows.
  private static let endsAlone: Set<Unicode.Scalar> = ["。", "！", "？"]
  private static let ends: Set<Unicode.Scalar> = [".", "!", "?", "…"]
  private static let closes: Set<Unicode.Scalar> = [")", "\"", "'", "”", "’", "»", "*", "_"]

  /// Whether a sentence ends before white space, with its quotation marks and brackets.
  private func endsSentence(_ space: Int) -> Bool {
    var last = space - 1
    while last >= 0, Self.closes.contains(scalars[last]) { last -= 1 }
    return last >= 0 && Self.ends.contains(scalars[last])
  }

  /// Forbids cuts that would leave a container without content in one part, and makes the others second best.
  private mutating func mark(_ container: Container, _ index: Int) {
    let inner = container.inner
    let first = scalars[inner].firstIndex { !$0.properties.isWhitespace } ?? inner.upperBound
    let last = scalars[inner].lastIndex { !$0.properties.isWhitespace } ?? inner.lowerBound
    for cut in (container.range.lowerBound + 1)..<container.range.upperBound {
      guard cut > first, cut <= last else {
        places[cut] = .never
        continue
      }
      owners[cut] = index
      places[cut] = container.isCode ? codePlace(cut) : innerPlace(places[cut])
    }
    guard container.isBlock else { return }
    for edge in [container.range.lowerBound, container.range.upperBound] where places[edge] != .never {
      places[edge] = max(places[edge], container.parent == nil ? .line : .innerLine)
    }
  }

  private func innerPlace(_ place: Place) -> Place {
    switch place {
    case .paragraph: .innerParagraph
    case .line: .innerLine
    case .sentence, .word: .innerWord
    default: place
    }
  }

  /// In code a cut is behind white space, which all counts; never beside a mark, which would join the added ones.
  private func codePlace(_ cut: Int) -> Place {
    let (before, behind) = (scalars[cut - 1], scalars[cut])
    guard places[cut] != .never, before != "`", behind != "`" else { return .never }
    if before == "\n" { return cut > 1 && scalars[cut - 2] == "\n" ? .innerParagraph : .innerLine }
    return before.properties.isWhitespace ? .innerWord : .any
  }
}
