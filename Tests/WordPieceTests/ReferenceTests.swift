import Foundation
import TestSupport
import Testing

@testable import WordPiece

/// Our tokens against those of the package that models are trained with.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct ReferenceTests {
  private static let limit = 256

  private func check(_ texts: [String]) async throws {
    guard ModelReference.isThere(), !texts.isEmpty else { return }
    let path = "\(ModelReference.directory)/vocab.txt"
    let theirs: [[UInt32]]? = try await ModelReference.run(
      "tokens.py",
      packages: ["tokenizers==0.23.3"],
      before: [path],
      texts,
      after: ["\(Self.limit)"]
    )
    guard let theirs else { return }
    var tokenizer = try WordPiece(Vocabulary(lines: FileBytes.read(path)))
    #expect(theirs.count == texts.count)
    var different: [String] = []
    for (text, expected) in zip(texts, theirs) where tokenizer.tokens(of: text, limit: Self.limit) != expected {
      different.append(text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " "))
    }
    #expect(different.isEmpty, "\(different.count) differ, the first: \(different.first ?? "")")
  }

  @Test func `real messages have the same tokens`() async throws {
    try await check(ModelReference.messages())
  }

  @Test func `every character alone, and in the midst of a word, has the same tokens`() async throws {
    let scalars = (UInt32(0)..<0x11_0000).compactMap(Unicode.Scalar.init)
    // Many in one text, each in a word of its own.
    let words = scalars.map { "a\($0)b \($0)" }
    try await check(
      stride(from: 0, to: words.count, by: 16).map { words[$0..<min($0 + 16, words.count)].joined(separator: " ") }
    )
  }

  @Test func `random texts have the same tokens`() async throws {
    let seed = UInt64.random(in: 0...(.max))
    Products.say("random texts: seed \(seed)")
    var random = SeededRandom(seed: seed)
    // Where most scripts are, and what is special to tokenizers.
    let ranges: [ClosedRange<UInt32>] = [
      0x20...0x7E, 0x20...0x7E, 0xA0...0x24F, 0x300...0x36F, 0x370...0x52F, 0x590...0x6FF, 0x900...0xDFF,
      0x1E00...0x206F, 0x3040...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFFEF, 0x1_F300...0x1_F6FF,
    ]
    let texts = (0..<3_000).map { _ in
      var text = ""
      for _ in 0..<Int.random(in: 0...60, using: &random) {
        let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
            text.unicodeScalars.append(scalar)
          }
        }
        if Bool.random(using: &random) { text += [" ", "[SEP]", "\n", ". "].randomElement(using: &random) ?? "" }
      }
      return text
    }
    try await check(texts)
  }
}
