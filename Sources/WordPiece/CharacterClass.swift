@_spi(_Unicode) internal import Swift

/// What a character becomes before words are looked up.
///
/// The rules are those that models without case are trained with: control characters go, accents go, the rest is lower
/// case. What they know of Unicode is its version 8, so what came later stays as it is.
struct CharacterClass {
  /// What a character is to the splitting into words, in the upper bits of a number that has it in the lower ones.
  enum Kind: UInt32 {
    /// It is left out.
    case nothing = 0
    /// It separates words.
    case space
    /// It is part of a word.
    case letter
    /// It is a word of its own.
    case single
    /// It becomes several characters, which stand in a list.
    case several
  }

  /// A character and its kind.
  struct Entry {
    private static let shift: UInt32 = 24

    let bits: UInt32

    init(_ kind: Kind, _ value: UInt32 = 0) {
      bits = kind.rawValue << Self.shift | value
    }

    var kind: Kind { Kind(rawValue: bits >> Self.shift) ?? .nothing }
    /// The character, or the number of the list.
    var value: UInt32 { bits & (1 << Self.shift - 1) }
  }

  /// How many characters are looked at together when the first of them is met.
  private static let pageSize: UInt32 = 256
  private static let pageCount = Int(0x11_0000 / pageSize)
  /// The last version of Unicode whose categories the rules know.
  private static let knownAge = 8

  /// By page what its characters are; empty until one of it is met.
  ///
  /// All together are 4.5 MB.
  private var pages: [[Entry]] = Array(repeating: [], count: pageCount)
  private var lists: [[Entry]] = []

  /// What a character becomes.
  mutating func entry(of scalar: UInt32) -> Entry {
    let page = Int(scalar / Self.pageSize)
    if pages[page].isEmpty { fill(page) }
    return pages[page][Int(scalar % Self.pageSize)]
  }

  /// What the characters of a list are.
  func list(_ entry: Entry) -> [Entry] { lists[Int(entry.value)] }

  private mutating func fill(_ page: Int) {
    let first = UInt32(page) * Self.pageSize
    pages[page] = (first..<first + Self.pageSize).map { value in
      Unicode.Scalar(value).map { classify($0) } ?? Entry(.nothing)
    }
  }

  private mutating func classify(_ scalar: Unicode.Scalar) -> Entry {
    if scalar == "\t" || scalar == "\n" || scalar == "\r" { return Entry(.space) }
    switch Self.category(scalar) {
    case .control, .format, .privateUse: return Entry(.nothing)
    default: break
    }
    if scalar == "\u{FFFD}" { return Entry(.nothing) }
    if scalar.properties.isWhitespace { return Entry(.space) }
    var entries: [Entry] = []
    for part in Self.decomposed(scalar) where Self.category(part) != .nonspacingMark {
      for lower in part.properties.lowercaseMapping.unicodeScalars {
        let isSingle = Self.isPunctuation(lower) || Self.isIdeograph(scalar.value)
        entries.append(Entry(isSingle ? .single : .letter, lower.value))
      }
    }
    guard entries.count != 1 else { return entries[0] }
    guard !entries.isEmpty else { return Entry(.nothing) }
    lists.append(entries)
    return Entry(.several, UInt32(lists.count - 1))
  }

  /// A character's canonical decomposition.
  private static func decomposed(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    // The standard library decomposes for its own comparisons, and shows that to those who ask for its details.
    isKnown(scalar) ? Array(String(scalar)._nfd) : [scalar]
  }

  private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.age.map { $0.major <= knownAge } ?? false
  }

  /// A character's category as of Unicode 8.
  private static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
    // These have got another since.
    switch scalar.value {
    case 0x166D, 0x111C9: .otherPunctuation
    case 0x1734, 0x1171E: .nonspacingMark
    case 0x1885, 0x1886: .otherLetter
    case 0xA9BD: .spacingMark
    default: isKnown(scalar) ? scalar.properties.generalCategory : .unassigned
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    switch category(scalar) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  /// Whether a character is one of the ideographs that are words of their own.
  private static func isIdeograph(_ value: UInt32) -> Bool {
    switch value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x2_0000...0x2_A6DF, 0x2_A700...0x2_B81F,
      0x2_B920...0x2_CEAF, 0x2_F800...0x2_FA1F:
      true
    default: false
    }
  }
}
