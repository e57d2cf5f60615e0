import TestSupport

/// Texts that are hard to cut, the same for the same seed.
struct NastyMarkdown: RandomNumberGenerator {
  private var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func next() -> UInt64 { random.next() }

  /// What must stay whole; no two have a part of it in common.
  static let atoms = [
    "<@1234567890>", "<@!77>", "<@&99>", "<#42>", "<:blob_cat:555>", "<a:party:556>", "<t:1700000000:R>",
    "</play now:88>",
    "https://example.com/a/very/long/path?with=a&query=1#and-more", "<https://example.org/no/preview>",
    "[a masked link](https://example.net/path_(x))", "`inline code`", "``code with ` in it``", "\\*not bold\\*",
    "👩‍👩‍👧‍👦", "🇩🇪", "e\u{301}\u{323}",
  ]

  private static let words = [
    "a", "word", "another.", "Really?", "(yes!)", "Straße", "日本語。続き", "**bold**", "__under__", "~~gone~~", "> quoted",
    "# head",
    "- item", "e\u{301}", "👍🏽", "x||", "|", "\\", "\\`", "`", "``", "1 < 2", "<@", "https://", "*",
  ]
  private static let spaces = [" ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\n    ", "\t", "\u{a0}", "\n\n\n\n"]

  /// A text with marks of all kinds, in pairs and alone, within each other and beside.
  mutating func text(_ pieces: Int) -> String {
    (0..<pieces).map { _ in piece(depth: 0) + pick(Self.spaces) }.joined()
  }

  /// A text of words and atoms only.
  mutating func prose(_ pieces: Int) -> String {
    let words = ["a", "word", "another.", "Really?", "日本語。続き"]
    return (0..<pieces).map { _ in (Bool.random(using: &self) ? pick(words) : pick(Self.atoms)) + pick(Self.spaces) }
      .joined()
  }

  private mutating func pick(_ texts: [String]) -> String { texts[Int.random(in: texts.indices, using: &self)] }

  private mutating func piece(depth: Int) -> String {
    switch Int.random(in: 0..<24, using: &self) {
    case 0:
      return "```" + pick(["", "swift\n", "c++\n", "\n", "no language", "\n\n"]) + code() + pick(["", "\n"]) + "```"
    case 1: return "```\n" + code()
    case 2 where depth == 0:
      return "||" + (0..<Int.random(in: 1..<40, using: &self)).map { _ in piece(depth: 1) + " " }.joined() + "||"
    case 3: return "`" + code() + "`"
    case 4: return String(repeating: "x", count: Int.random(in: 1..<900, using: &self))
    case 5:
      return String(
        repeating: pick([" ", "\n", "👨‍👩‍👧", "|", "~", "\u{301}"]),
        count: Int.random(in: 1..<300, using: &self)
      )
    case 6:
      return Bool.random(using: &self) ? "||" : String(repeating: "`", count: Int.random(in: 1..<20, using: &self))
    case 7: return "````" + code() + "````"
    case 8..<12: return pick(Self.atoms)
    default: return pick(Self.words)
    }
  }

  private mutating func code() -> String {
    (0..<Int.random(in: 0..<60, using: &self))
      .map { _ in
        pick(["let x = 1", "}", "||", "<@5>", "https://a.example/b", "|", "日本", "# no"])
          + pick([" ", "\n", "\n\n", "  "])
      }
      .joined()
  }
}
