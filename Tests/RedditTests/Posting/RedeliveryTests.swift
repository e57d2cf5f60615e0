import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct RedeliveryTests {
  static let long = (1...2500).map { "word\($0) " }.joined()

  struct Wish: Sendable {
    let space: String
    let text: String
    let parts: Int
    var more: JSONObject = [:]
  }

  static let wishes: [Wish] = [
    Wish(space: "comment b", text: "once", parts: 1), Wish(space: "sub birds", text: "Title\n\nbody", parts: 1),
    Wish(space: "user ada", text: "once", parts: 1), Wish(space: "message c", text: "once", parts: 1),
    Wish(space: "comment b", text: long, parts: 3), Wish(space: "user ada", text: long, parts: 3),
    Wish(space: "sub birds", text: "Title\n\n" + long + long, parts: 2),
    Wish(
      space: "sub birds",
      text: "Title\n\n" + long,
      parts: 4,
      more: ["provider_payload": ["url": "https://a.example/"]]
    ),
    Wish(space: "sub birds", text: "Title", parts: 1, more: ["in_reply_to": "t1_b"]),
  ]

  /// Each wish, and each of its parts.
  static let all = wishes.indices.flatMap { wish in (0..<wishes[wish].parts).map { (wish, $0) } }

  @PluginActor
  private static func fill(_ reddit: FakeReddit) {
    for thing in [Made.submission(10), Made.comment(11), Made.message(12)] { reddit.all[Made.name(thing)] = thing }
    // What the account wrote long ago, with the same words.
    reddit.written = [
      Made.comment(90, by: "duck", at: Made.epoch - 9000, ["body": "once", "parent_id": "t1_b"]),
      Made.message(91, from: "duck", to: "ada", at: Made.epoch - 9000, ["body": "once"]),
    ]
  }

  /// Has something befall the write of a number, once.
  @PluginActor
  private static func befall(_ reddit: FakeReddit, _ number: Int, _ reply: FakeReddit.Reply) {
    var count = 0
    reddit.script = { seen, _ in
      guard seen.method == "POST", !seen.isToken else { return nil }
      defer { count += 1 }
      return count == number ? reply : nil
    }
  }

  @Test(arguments: all)
  func `an answer that was lost, and another delivery, write each part once`(index: Int, part: Int) async throws {
    let wish = Self.wishes[index]
    let (first, second, third, written) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      Self.befall(bench.reddit, part, .lost)
      let first = try await bench.post(wish.space, wish.text, wish.more)
      let second = try await bench.post(wish.space, wish.text, wish.more)
      bench.restart()
      return (first, second, try await bench.post(wish.space, wish.text, wish.more), bench.reddit.written.count - 2)
    }
    #expect(first.error.hasPrefix("again: "), "\(first)")
    #expect(second.error == "")
    #expect(written == wish.parts)
    #expect(third.names == second.names)
    if !wish.space.hasPrefix("user") { #expect(second.names.count == wish.parts) }
  }

  @Test(arguments: all, [true, false])
  func `a process that is killed while it writes leaves nothing to be written twice, or not at all`(
    place: (index: Int, part: Int),
    isDone: Bool
  ) async throws {
    let wish = Self.wishes[place.index]
    let (second, written) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      Self.befall(bench.reddit, place.part, isDone ? .doneAndHang : .hang)
      PluginActor.task { _ = try? await bench.post(wish.space, wish.text, wish.more) }
      try await bench.until { bench.reddit.hung > 0 }
      bench.restart()
      try await bench.sleep(120)
      return (try await bench.post(wish.space, wish.text, wish.more), bench.reddit.written.count - 2)
    }
    #expect(second.error == "")
    #expect(written == wish.parts)
  }

  @Test func `a part that was not sent is sent, behind those that were`() async throws {
    let (first, second, kinds) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      Self.befall(bench.reddit, 1, .answer(.json(401, [:])))
      bench.reddit.tokenAnswer = { _ in bench.reddit.tokens.isEmpty ? nil : .page(503) }
      let first = try await bench.post("user ada", Self.long)
      bench.reddit.tokenAnswer = { _ in nil }
      return (
        first, try await bench.post("user ada", Self.long),
        bench.reddit.calls.filter { $0.method == "POST" }.map(\.bare)
      )
    }
    #expect(first.error.hasPrefix("later: "))
    #expect(second.error == "")
    #expect(kinds == Array(repeating: "/api/compose", count: 4))
  }

  @Test(arguments: [("1", 4), ("4", 1), ("2", 8)] as [(String, Int)])
  func `a wish goes on in as many parts as it was begun in, whatever is configured since`(before: String, after: Int)
    async throws
  {
    let parts = Int(before) ?? 0
    let (posted, written) = try await RedditStage.run(config: ["parts_max": .int(Int64(after))]) { bench in
      Self.fill(bench.reddit)
      let ledger = PostLedger(bench.context.state, document: Poster.document)
      let identity = PostIdentity(RedditBench.wish("comment b", Self.long), key: nil)
      try await ledger.begin(identity, parts: min(parts, 3), at: bench.context.clock.now.milliseconds)
      return (try await bench.post("comment b", Self.long), bench.reddit.written.count - 2)
    }
    #expect(posted.error == "")
    #expect(written == min(parts, 3))
    #expect(posted.names.count == written)
  }

  @Test func `where what was written cannot be read, a loss says that it may be there twice`() async throws {
    let (posted, written) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      Self.befall(bench.reddit, 0, .lost)
      _ = try await bench.post("comment b", "once")
      bench.reddit.script = { seen, _ in seen.bare == "/user/duck/overview" ? .answer(.json(403, [:])) : nil }
      return (try await bench.post("comment b", "once"), bench.reddit.written.count - 2)
    }
    #expect(posted.lost == ["text"])
    #expect(written == 2)
  }

  @Test func `wishes of the same words are each written once`() async throws {
    let (names, written) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      Self.befall(bench.reddit, 1, .failure(.unknown("it broke")))
      var names = try await bench.post("comment b", "same", id: "a").names
      _ = try await bench.post("comment b", "same", id: "b")
      names += try await bench.post("comment b", "same", id: "b").names
      return (names, bench.reddit.written.count - 2)
    }
    #expect(Set(names).count == 2)
    #expect(written == 2)
  }
}
