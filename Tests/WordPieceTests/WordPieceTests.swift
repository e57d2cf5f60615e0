import TestSupport
import Testing

@testable import WordPiece

@Suite(.timeLimit(.minutes(Patience.minutes))) struct WordPieceTests {
  private static let pieces = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "un", "##believ", "##able", "!", "中", "ca",
    "##fe", "σ", "a", "[", "]", "x",
  ]

  private func tokens(_ text: String, limit: Int = 16) throws -> [String] {
    var tokenizer = try WordPiece(Vocabulary(lines: Array(Self.pieces.joined(separator: "\n").utf8)))
    return tokenizer.tokens(of: text, limit: limit).map { Self.pieces[Int($0)] }
  }

  @Test(arguments: [
    ("the cats", ["the", "cat", "##s"]),
    ("The\tCATS!", ["the", "cat", "##s", "!"]),
    ("unbelievable", ["un", "##believ", "##able"]),
    ("unbelievably", ["[UNK]"]),
    ("café", ["ca", "##fe"]),
    ("cafe\u{301}", ["ca", "##fe"]),
    ("the中cat", ["the", "中", "cat"]),
    ("Σ", ["σ"]),
    ("c\u{AD}at\u{0}", ["cat"]),
    ("the[MASK]cat", ["the", "[MASK]", "cat"]),
    ("[mask]", ["[", "[UNK]", "]"]),
    ("", []),
    (" \u{2003}\n", []),
    (String(repeating: "x", count: 101), ["[UNK]"]),
  ])
  func `a text is cut into the longest pieces that are known`(text: String, expected: [String]) throws {
    #expect(try tokens(text) == ["[CLS]"] + expected + ["[SEP]"])
  }

  @Test(arguments: 2...7)
  func `a text longer than its room is cut`(limit: Int) throws {
    let all = ["the", "cat", "##s", "the", "cat", "##s"]
    #expect(try tokens("the cats the cats", limit: limit) == ["[CLS]"] + all.prefix(limit - 2) + ["[SEP]"])
  }

  @Test(arguments: ["", "\n", "a\n\nb", String(repeating: "x", count: 257)])
  func `a vocabulary that cannot be is refused`(lines: String) {
    #expect(throws: Vocabulary.Failure.self) { try Vocabulary(lines: Array(lines.utf8)) }
  }

  @Test func `a vocabulary without the pieces that every text has is refused`() throws {
    let vocabulary = try Vocabulary(lines: Array("[UNK]\n[CLS]\n".utf8))
    #expect(throws: Vocabulary.Failure(description: "expected [SEP] among the pieces, found none")) {
      try WordPiece(vocabulary)
    }
  }

  @Test func `a text without end takes no longer than what there is room for`() throws {
    // A megabyte of one word, of marks that all go, and of pieces far beyond the room.
    let megabyte = 1 << 20
    #expect(try tokens(String(repeating: "x", count: megabyte)) == ["[CLS]", "[UNK]", "[SEP]"])
    #expect(try tokens("a" + String(repeating: "\u{301}", count: megabyte)) == ["[CLS]", "a", "[SEP]"])
    #expect(try tokens(String(repeating: "a ", count: megabyte), limit: 4) == ["[CLS]", "a", "a", "[SEP]"])
  }
}
