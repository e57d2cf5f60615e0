import Envelope
import Testing

@Suite("Topic patterns")
struct TopicPatternTests {
  @Test(arguments: [
    ("a.b", "a.b", true), ("a.b", "a.c", false), ("a.b", "a", false), ("a.b", "a.b.c", false),
    ("a.*", "a.b", true), ("a.*", "a", false), ("a.*", "a.b.c", false), ("*.b", "a.b", true),
    ("a.>", "a.b", true), ("a.>", "a.b.c.d", true), ("a.>", "a", false), (">", "a", true), (">", "a.b.c", true),
    ("a.*.>", "a.b", false), ("a.*.>", "a.b.c", true),
    ("a.(b|c)", "a.b", true), ("a.(b|c)", "a.c", true), ("a.(b|c)", "a.d", false), ("a.(b)", "a.b", true),
    ("(a|b).*.(c|d)", "b.x.d", true), ("(a|b).*.(c|d)", "b.x.e", false),
    ("a.*", "a.", false), ("a.>", "a..b", false), (">", "", false), ("*", "", false), ("A", "a", false),
    (
      "promethean.p.*.t.*.events.(SocialMessageCreated|SocialMessageUpdated)",
      "promethean.p.echo.t.demo.events.SocialMessageUpdated", true
    ),
  ])
  func `a pattern matches a topic or not`(pattern: String, topic: String, expected: Bool) throws {
    #expect(try TopicPattern(pattern).matches(topic) == expected)
  }

  @Test func `groups are multiplied out`() throws {
    #expect(
      try TopicPattern("(a|b).*.(c|d).>").alternatives == [
        [.literal("a"), .any, .literal("c"), .rest], [.literal("a"), .any, .literal("d"), .rest],
        [.literal("b"), .any, .literal("c"), .rest], [.literal("b"), .any, .literal("d"), .rest],
      ]
    )
    #expect(try TopicPattern("a").alternatives == [[.literal("a")]])
  }

  @Test(arguments: [
    ("", "a token"), ("a..b", "a token"), (".a", "a token"), ("a.", "a token"), ("a.>.b", "'>' only as the last"),
    ("a*", "a token"), ("**", "a token"), ("a>", "a token"), ("(a|b", "a token"), ("a|b", "a token"), ("()", "a token"),
    ("(a|)", "a token"), ("(a|*)", "a token"), ("((a|b))", "a token"), ("(a|b)c", "a token"), ("(a.b|c)", "a token"),
    ("a b", "a token"), ("ä", "a token"), ("a.b\n", "a token"),
  ])
  func `text that is no pattern is refused with what was expected`(text: String, expected: String) {
    let error = #expect(throws: TopicError.self) { try TopicPattern(text) }
    #expect(error?.reason.contains("expected \(expected)") == true)
  }

  @Test func `the limits are exact`() throws {
    #expect(try TopicPattern("(a|b).(a|b).(a|b).(a|b).(a|b).(a|b)").alternatives.count == 64)
    #expect(throws: TopicError.self) { try TopicPattern("(a|b).(a|b).(a|b).(a|b).(a|b).(a|b).(a|b)") }
    let group = "(" + Array(repeating: "a", count: 8).joined(separator: "|") + ")"
    #expect(throws: TopicError.self) { try TopicPattern(Array(repeating: group, count: 14).joined(separator: ".")) }
    #expect(try TopicPattern(Array(repeating: "a", count: 16).joined(separator: ".")).matches("a") == false)
    #expect(throws: TopicError.self) { try TopicPattern(Array(repeating: "a", count: 17).joined(separator: ".")) }
    #expect(throws: TopicError.self) { try TopicPattern(String(repeating: "a", count: 257)) }
  }

  /// Every pattern of up to three places from a small alphabet, against every topic of up to five tokens from one with
  /// a token that no pattern names: enough for every case of any finite pattern, since places do not influence each
  /// other.
  @Test func `covering and overlapping are what listing every topic says`() throws {
    let topics = sequences(of: ["a", "b", "z"], upTo: 5).map { $0.joined(separator: ".") }
    var patterns: [(pattern: TopicPattern, matched: Set<Int>)] = []
    for places in sequences(of: ["a", "b", "(a|b)", "*", ">"], upTo: 3) {
      guard let pattern = try? TopicPattern(places.joined(separator: ".")) else { continue }
      patterns.append((pattern, Set(topics.indices.filter { pattern.matches(topics[$0]) })))
    }
    #expect(patterns.count == 5 + 4 * 5 + 4 * 4 * 5)
    for (left, leftMatched) in patterns {
      #expect(leftMatched == matchedByAlternatives(left, topics))
      for (right, rightMatched) in patterns {
        #expect(left.covers(right) == rightMatched.isSubset(of: leftMatched), "\(left) covers \(right)")
        #expect(left.overlaps(right) == !leftMatched.isDisjoint(with: rightMatched), "\(left) overlaps \(right)")
      }
    }
  }

  /// The topics that one of the multiplied-out alternatives matches, found without `matches`.
  private func matchedByAlternatives(_ pattern: TopicPattern, _ topics: [String]) -> Set<Int> {
    Set(
      topics.indices.filter { index in
        let tokens = topics[index].split(separator: ".").map(String.init)
        return pattern.alternatives.contains { isMatch($0[...], tokens[...]) }
      }
    )
  }

  private func isMatch(_ places: ArraySlice<TopicPattern.Token>, _ tokens: ArraySlice<String>) -> Bool {
    guard let place = places.first, let token = tokens.first else { return places.isEmpty && tokens.isEmpty }
    switch place {
    case .rest: return true
    case .any: return isMatch(places.dropFirst(), tokens.dropFirst())
    case .literal(let text): return text == token && isMatch(places.dropFirst(), tokens.dropFirst())
    }
  }

  private func sequences(of tokens: [String], upTo length: Int) -> [[String]] {
    var all: [[String]] = []
    var last: [[String]] = [[]]
    for _ in 0..<length {
      last = last.flatMap { prefix in tokens.map { prefix + [$0] } }
      all += last
    }
    return all
  }
}
