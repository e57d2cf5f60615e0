import WordPiece

/// Any text has tokens, no more than there is room for, and with less room the same ones as far as that goes.
enum TokensFuzzer {
  /// More than an input has.
  private static let room = 1 << 15
  private static let pieces = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "ab", "##a", "##b", "##ab", "!", "[", "]", "\u{4E2D}",
    "##\u{3B1}",
    "e",
  ]

  static func run(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    var tokenizer = try WordPiece(Vocabulary(lines: Array(pieces.joined(separator: "\n").utf8)))
    let all = tokenizer.tokens(of: text, limit: room)
    try hold(all.count <= bytes.count * 3 + 2, "\(all.count) tokens of \(bytes.count) bytes")
    try hold(all.first == 2 && all.last == 3, "no beginning or no end: \(all)")
    try hold(all.allSatisfy { $0 < pieces.count }, "a token that is none: \(all)")
    for limit in [2, 3, 8] {
      let some = tokenizer.tokens(of: text, limit: limit)
      try hold(some == all.dropLast().prefix(limit - 1) + [3], "with room for \(limit): \(some), in all \(all)")
    }
    // A vocabulary is read from a file of anybody's, too.
    _ = try? Vocabulary(lines: bytes)
  }
}
