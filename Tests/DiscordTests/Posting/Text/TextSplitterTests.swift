import Foundation
import Testing

@testable import Discord

struct TextSplitterTests {
  private static let seeds = Array(UInt64(1)...30)

  private func check(_ text: String, _ lengthMax: Int) -> [TextSplitter.Part] {
    let parts = TextSplitter(text, lengthMax: lengthMax).parts
    #expect(parts.map(\.source).joined().unicodeScalars.elementsEqual(text.unicodeScalars), "something is lost")
    for part in parts {
      #expect(part.text.utf16.count <= lengthMax)
      #expect(!part.text.trimmed.isEmpty, "\(part.text.debugDescription)")
    }
    return parts
  }

  @Test(arguments: seeds)
  func `parts lose nothing, fit, and show each character as the whole would`(seed: UInt64) {
    var random = NastyMarkdown(seed: seed)
    let lengthMax = [300, 700, TextSplitter.lengthMax][Int(seed % 3)]
    let text = random.text(100)
    let parts = check(text, lengthMax)
    let (whole, shown) = (DiscordReader(text).shown, parts.flatMap { DiscordReader($0.text).shown })
    let first = zip(whole, shown).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(whole.count == shown.count)
    #expect(first == nil, "at \(first?.offset ?? 0) of \(whole.count)")
  }

  @Test(arguments: seeds)
  func `what belongs together is in one part, and characters stay whole`(seed: UInt64) {
    var random = NastyMarkdown(seed: seed)
    let text = random.prose(400)
    let parts = check(text, 300)
    for atom in NastyMarkdown.atoms {
      #expect(parts.reduce(0) { $0 + $1.text.components(of: atom) } == text.components(of: atom), "\(atom)")
    }
    #expect(parts.reduce(0) { $0 + $1.source.count } == text.count)
    // Parts are not cut much smaller than they must be.
    #expect(parts.count <= text.utf16.count / 75 + 2)
  }

  @Test(arguments: [
    // Paragraph before line before sentence before word.
    ("One. Two\nthree\n\nfour five six seven.", 30, ["One. Two\nthree", "four five six seven."]),
    ("One. Two three\nfour five six seven.", 24, ["One. Two three", "four five six seven."]),
    ("One two three. Four five six", 20, ["One two three.", "Four five six"]),
    ("One two three four five six", 20, ["One two three four", "five six"]),
    ("„Ja!“ (Nein.) 日本語日本語。日本語", 20, ["„Ja!“ (Nein.)", "日本語日本語。日本語"]),
    ("aaaaaaaaaaaaaaaaaaaaaaaaa", 20, ["aaaaaaaaaaaaaaaaaaaa", "aaaaa"]),
    // White space at a cut is no loss, since a message has none at its ends; much of it makes no message.
    ("aaaaaaaaaaaaaaa\n\n                                     bbbbb", 20, ["aaaaaaaaaaaaaaa", "bbbbb"]),
    ("aaaaaaaaaaaaaaa                                             ", 20, ["aaaaaaaaaaaaaaa"]),
    // Emoji count as two, as they are in UTF-16.
    ("👍👍👍👍👍👍👍👍👍👍👍", 20, ["👍👍👍👍👍👍👍👍👍👍", "👍"]),
  ])
  func `a cut is where a reader would make it`(text: String, lengthMax: Int, parts: [String]) {
    #expect(check(text, lengthMax).map(\.text) == parts)
  }

  @Test func `a code block that is cut is closed, and opened again in its language`() {
    let lines = (1...30).map { "let line\($0) = \($0)\n" }.joined()
    let parts = check("Look:\n```swift\n\(lines)```\nThat was it.", 200)
    #expect(parts.count > 2)
    for part in parts.dropLast() { #expect(part.text.hasSuffix("\n```")) }
    for part in parts.dropFirst() { #expect(part.text.hasPrefix("```swift\nlet line")) }
    #expect(parts.last?.text.hasSuffix("```\nThat was it.") == true)
  }

  @Test func `a code block that fits a message is not cut`() {
    let code = "```\n" + String(repeating: "line of code\n", count: 12) + "```"
    let parts = check(String(repeating: "word ", count: 20) + code, 200)
    #expect(parts.map(\.text) == [String(repeating: "word ", count: 20).trimmed, code])
  }

  @Test func `a spoiler stays hidden in every part, also with a code block in it`() {
    let text =
      "||" + String(repeating: "secret ", count: 40) + "```py\n" + String(repeating: "x = 1\n", count: 40) + "```||"
    let parts = check(text, 200)
    #expect(parts.count > 2)
    for part in parts {
      let isHidden = DiscordReader(part.text).shown.allSatisfy(\.isHidden)
      #expect(isHidden, "\(part.text)")
    }
  }

  @Test func `a fence that is not closed is text, as Discord has it`() {
    let text = "```swift\n" + String(repeating: "word ", count: 60)
    let parts = check(text, 200)
    #expect(parts.map { $0.text.components(of: "```") } == [1, 0])
  }

  @Test(arguments: [
    "https://example.com/", "<@", "`", "[x](", "\u{301}", "`` ` ``", "||", "```", "```\n", "\\", "<", "👩‍",
  ])
  func `what alone is longer than a message is cut all the same`(head: String) {
    _ = check(head + String(repeating: "x", count: 5000), 2000)
    _ = check(String(repeating: head, count: 3000), 2000)
    _ = check(head + String(repeating: "\u{301}", count: 5000) + head, 2000)
  }

  @Test(arguments: ["", " ", "\n\t \u{a0}\u{3000}", String(repeating: " ", count: 9000)])
  func `white space alone makes no part`(text: String) {
    #expect(TextSplitter(text).parts.isEmpty)
  }

  @Test func `what fits is sent as it is`() {
    let text = " as it is ||\n``` "
    #expect(TextSplitter(text).parts.map(\.text) == [text])
    let full = String(repeating: "x", count: 2000)
    #expect(TextSplitter(full).parts.map(\.text) == [full])
    #expect(TextSplitter(full + "x").parts.count == 2)
  }

  @Test func `what is beyond the last part is told`() {
    let text = (1...100).map { "Sentence number \($0).\n\n" }.joined()
    let splitter = TextSplitter(text, lengthMax: 300, partsMax: 3)
    #expect(splitter.parts.count == 3)
    #expect(splitter.parts.map(\.source).joined() + splitter.rest == text)
    #expect(splitter.rest.contains("number 100."))
  }

  @Test func `the longest text of an envelope is cut in a time that nobody notices, whatever its marks`() {
    for mark in ["`", "`` ", "<", "[](", "||", "h", "https://", "||`", "\\", "\n", "a\u{301}"] {
      let text = String(repeating: mark, count: 65_000 / mark.utf8.count)
      let time = ContinuousClock().measure { _ = TextSplitter(text) }
      #expect(time < .seconds(20), "\(mark)")
    }
  }
}

extension String {
  /// How often another text is in this one.
  func components(of text: String) -> Int {
    components(separatedBy: text).count - 1
  }

  var trimmed: String {
    let start = drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
  }
}
