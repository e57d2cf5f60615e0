import Testing

@testable import CLI

struct SpellingTests {
  @Test(arguments: [
    ("", "abc", 3), ("tap", "tap", 0), ("tpa", "tap", 1), ("sned", "send", 1), ("kitten", "sitting", 3),
  ])
  func `the distance counts edits, a swap as one`(first: String, second: String, distance: Int) {
    #expect(Spelling.distance(first, second) == distance)
    #expect(Spelling.distance(second, first) == distance)
  }

  @Test func `only what is near is suggested`() {
    #expect(Spelling.nearest(to: "statsu", among: ["status", "send"]) == "status")
    #expect(Spelling.nearest(to: "valid", among: ["validate", "version"]) == "validate")
    #expect(Spelling.nearest(to: "elephant", among: ["status", "send"]) == nil)
  }
}
