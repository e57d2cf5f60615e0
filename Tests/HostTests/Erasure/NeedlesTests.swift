import Envelope
import TestSupport
import Testing

@testable import Host

/// Byte strings that are looked for all at once.
@Suite struct NeedlesTests {
  private func found(_ needles: Needles, in text: String) -> [String] {
    var found: [String] = []
    unsafe Array(text.utf8).withUnsafeBytes { bytes in
      unsafe needles.search(bytes) { needle, offset in
        found.append("\(String(decoding: needle.bytes, as: UTF8.self))@\(offset)")
        return true
      }
    }
    return found
  }

  @Test(
    arguments: [
      ("anna", ["\"ann\""], []), ("\"ann\"", ["\"ann\""], ["\"ann\"@0"]),
      ("abcdefgh", ["abcdefgh"], ["abcdefgh@0"]), ("xabcdefgh", ["abcdefgh"], []),
      ("<@abcdefgh>", ["abcdefgh"], ["abcdefgh@2"]), ("abcdefgh2", ["abcdefgh"], []),
      ("abcdefg", ["abcdefgh"], []), ("", ["abcdefgh", "x"], []),
      ("abcdefghi abcdefghj", ["abcdefghi", "abcdefghj"], ["abcdefghi@0", "abcdefghj@10"]),
    ] as [(String, [String], [String])]
  )
  func `words are found where they stand alone`(text: String, words: [String], places: [String]) {
    var needles = Needles()
    for word in words { needles.insert(.init(word, "id", isWord: !word.hasPrefix("\""))) }
    #expect(found(needles, in: text) == places)
  }

  @Test(arguments: 1...4)
  func `many are found where one by one would find them`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    func letters(_ count: Int) -> String { String((0..<count).map { _ in "ab".randomElement(using: &random) ?? "a" }) }
    let text = letters(2_000)
    var needles = Needles()
    let words = Set((0..<40).map { _ in letters(Int.random(in: 3...14, using: &random)) })
    for word in words { needles.insert(.init(word, "text", isWord: false)) }
    var expected: Set<String> = []
    let bytes = Array(text.utf8)
    for word in words {
      let wanted = Array(word.utf8)
      for offset in 0...bytes.count - wanted.count where bytes[offset...].starts(with: wanted) {
        expected.insert("\(word)@\(offset)")
      }
    }
    #expect(Set(found(needles, in: text)) == expected)
  }

  @Test(
    arguments: [
      ("too short", nil), ("exactly sixteen!", "exactly sixteen!"),
      ("a \"quoted\" and longer piece", " and longer piece"), ("line\nand then another line", "and then another line"),
      (String(repeating: "éabc", count: 40), String(repeating: "éabc", count: 12) + "éab"),
      (String(repeating: "-", count: 40), nil), ("=-= =-= =-= =-= =-=", nil),
    ] as [(String, String?)]
  )
  func `a text is told by a piece that every writer of JSON leaves as it is`(text: String, piece: String?) {
    #expect(Person.piece(of: text) == piece)
  }

  @Test func `a name is found in files wherever it lies, also between two pieces`() throws {
    let directory = try TemporaryDirectory()
    var person = Person(try URN("urn:echo:user:demo:somebody-with-a-long-id"), provider: "echo", tenant: "demo")
    person.insert(message: nil, text: "what they have said here")
    for gap in [0, 1, (1 << 20) - 10, (1 << 20) - 1, 1 << 20, (2 << 20) + 5] {
      let filler = [UInt8](repeating: UInt8(ascii: "x"), count: gap)
      try directory.write(
        "f",
        filler + Array("somebody-with-a-long-id".utf8) + filler + Array("what they have said here".utf8)
      )
      let result = ErasureProof.search(directory.path, for: person.proof)
      #expect(result.findings.map(\.kind) == ["id", "text"], "\(gap)")
      #expect(result.findings.map(\.count) == [1, 1], "\(gap)")
      #expect(result.findings.map(\.path) == ["var/f", "var/f"])
    }
  }

  @Test func `who is called as the tenant is told by the URN alone`() throws {
    let person = Person(try URN("urn:echo:user:demo:demo"), provider: "echo", tenant: "demo")
    #expect(found(person.needles, in: #"{"tenant":"demo","author_urn":"urn:echo:user:demo:demo"}"#).count == 1)
  }
}
