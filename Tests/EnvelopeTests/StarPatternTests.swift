import Envelope
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct StarPatternTests {
  @Test(arguments: [
    ("", "", true), ("", "a", false), ("a", "a", true), ("a", "A", false), ("a", "ab", false), ("a", "", false),
    ("*", "", true), ("*", "anything at all", true), ("**", "", true), ("a*", "a", true), ("a*", "abc", true),
    ("*c", "abc", true), ("*c", "abcd", false), ("a*c", "ac", true), ("a*c", "abcbc", true), ("a*c", "abcb", false),
    ("*ab*", "aab", true), ("*ab", "aab", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false),
    ("GET /channels/*/mess*", "GET /channels/1/messages", true),
    ("GET /channels/*/mess*", "GET /channels/1/pins", false), ("*é*", "café au lait", true), ("*é", "cafè", false),
    // Nothing else has a meaning of its own.
    ("a?c", "abc", false), ("[ab]", "a", false), ("a?[", "a?[", true), ("a*", "a*", true),
  ])
  func `a star stands for any run of characters, and all else for itself`(
    pattern: String,
    text: String,
    matches: Bool
  ) {
    #expect(StarPattern(pattern).matches(text) == matches)
  }

  @Test func `a pattern that is made to take long ends`() {
    let text = String(repeating: "a", count: 10_000)
    #expect(!StarPattern(String(repeating: "a*", count: 500) + "b").matches(text))
    #expect(StarPattern(String(repeating: "a*", count: 500)).matches(text))
  }

  @Test func `a pattern shows itself as it was written`() {
    #expect("\(StarPattern("* /channels/*"))" == "* /channels/*")
  }
}
