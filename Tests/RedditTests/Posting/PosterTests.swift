import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

@Suite(.timeLimit(.minutes(Patience.minutes))) struct PosterTests {
  /// What stands there already.
  @PluginActor
  private static func fill(_ reddit: FakeReddit) {
    for thing in [Made.submission(10), Made.comment(11), Made.message(12), Made.comment(13, in: "other")] {
      reddit.all[Made.name(thing)] = thing
    }
  }

  static let targets: [(space: String, more: JSONObject, write: String, name: String?)] = [
    ("sub birds", [:], "submit kind=self sr=birds text= title=hello", "t3_3ul"),
    (
      "sub birds", ["provider_payload": ["title": "T"]], "submit kind=self sr=birds text=hello title=T", "t3_3ul"
    ),
    (
      "sub birds", ["provider_payload": ["url": "https://a.example/", "nsfw": true]],
      "submit kind=link nsfw=true sr=birds title=hello url=https://a.example/", "t3_3ul"
    ),
    ("sub birds", ["in_reply_to": "t3_a"], "comment text=hello thing_id=t3_a", "t1_3ul"),
    ("sub BIRDS", ["in_reply_to": "t1_b"], "comment text=hello thing_id=t1_b", "t1_3ul"),
    ("sub birds", ["in_reply_to": "urn:reddit:comment:demo:b"], "comment text=hello thing_id=t1_b", "t1_3ul"),
    ("submission a", [:], "comment text=hello thing_id=t3_a", "t1_3ul"),
    ("comment b", [:], "comment text=hello thing_id=t1_b", "t1_3ul"),
    ("user ada", [:], "compose subject=hello text=hello to=ada", nil),
    ("user ada", ["provider_payload": ["subject": "S"]], "compose subject=S text=hello to=ada", nil),
    ("user Ada", ["in_reply_to": "t4_c"], "comment text=hello thing_id=t4_c", "t4_3ul"),
    ("message c", [:], "comment text=hello thing_id=t4_c", "t4_3ul"),
  ]

  @Test(arguments: targets.indices)
  func `a wish goes where it says`(index: Int) async throws {
    let one = Self.targets[index]
    let (posted, writes, events) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      bench.reddit.next = 4988
      return (try await bench.post(one.space, "hello", one.more), bench.writes, bench.events)
    }
    #expect(posted.error == "")
    #expect(writes == [one.write])
    let name = "t\(one.name?.dropFirst().prefix(1) ?? "")_\(Made.id(4989))"
    #expect(posted.names == (one.name == nil ? [] : [name]))
    #expect(posted.lost == [])
    // What it writes becomes an event at once, where Reddit shows it.
    #expect(events == (one.name == nil ? [] : ["created \(name)"]))
  }

  static let refused: [(space: String, more: JSONObject, words: String)] = [
    ("sub other", [:], "allow"), ("sub other", ["in_reply_to": "t1_d"], "allow"), ("comment d", [:], "allow"),
    ("sub birds", ["in_reply_to": "t1_d"], "elsewhere"), ("sub birds", ["in_reply_to": "t4_c"], "in_reply_to"),
    ("sub birds", ["in_reply_to": "t1_zz"], "is not, or is not shown"),
    ("sub birds", ["in_reply_to": "b"], "in_reply_to"),
    ("sub birds", ["in_reply_to": "urn:reddit:user:demo:x"], "in_reply_to"),
    ("sub birds", ["in_reply_to": "urn:reddit:comment:else:b"], "in_reply_to"),
    ("user bob", ["in_reply_to": "t4_c"], "bob"), ("user ada", ["in_reply_to": "t4_zz"], "ada"),
    ("user ada", ["in_reply_to": "t1_b"], "in_reply_to"), ("comment b", ["in_reply_to": "t1_b"], "in_reply_to"),
    ("comment NO", [:], "base 36"), ("media x", [:], "space_urn"), ("guild x", [:], "space_urn"),
    ("sub birds", ["tenant": "else"], "tenant"), ("sub birds", ["text": "  \n "], "text"),
    ("comment b", ["text": " \n\n "], "text"), ("sub birds", ["provider_payload": [1]], "provider_payload"),
    ("sub birds", ["provider_payload": ["url": ["a": 1]]], "provider_payload.url"),
  ]

  @Test(arguments: refused.indices)
  func `what may not be written is refused for good, and nothing is sent`(index: Int) async throws {
    let one = Self.refused[index]
    let (posted, writes) = try await RedditStage.run(binding: ["allow": ["subreddits": ["Birds"]]]) { bench in
      Self.fill(bench.reddit)
      return (try await bench.post(one.space, "hello", one.more), bench.writes)
    }
    #expect(posted.error.hasPrefix("never: "), "\(posted)")
    #expect(posted.error.contains(one.words), "\(posted.error)")
    #expect(writes.isEmpty)
  }

  @Test func `a long text becomes answers to answers`() async throws {
    let text = (1...3000).map { "word\($0) " }.joined()
    let (posted, parents, sent) = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      let posted = try await bench.post("comment b", text)
      let forms = bench.reddit.calls("POST", "/api/comment").map(\.form)
      return (posted, forms.map { $0["thing_id"] ?? "" }, forms.map { $0["text"] ?? "" })
    }
    #expect(posted.names.count == 3)
    #expect(parents == ["t1_b"] + posted.names.dropLast())
    #expect(sent.joined(separator: " ").split(separator: " ") == text.split(separator: " "))
  }

  @Test func `what does not fit is a loss`() async throws {
    let text = String(repeating: "x", count: 25_000)
    let attachments: JSON = [["url": "https://a.example/x.png"]]
    let posted = try await RedditStage.run(config: ["parts_max": 2]) { bench in
      Self.fill(bench.reddit)
      return try await bench.post(
        "comment b",
        text,
        ["attachments": attachments, "provider_payload": ["title": "t", "x": 1]]
      )
    }
    #expect(posted.names.count == 2)
    #expect(Set(posted.lost) == ["attachments[0]", "provider_payload.title", "provider_payload.x", "text"])
  }

  @Test func `while Reddit lets nothing be written, nothing is sent, for as long as it says`() async throws {
    let (errors, sent, times) = try await RedditStage.run(step: .seconds(1)) { bench in
      Self.fill(bench.reddit)
      var isHeld = true
      bench.reddit.script = { seen, _ in
        let errors: JSON = [["RATELIMIT", "try again in 7 minutes", "ratelimit"]]
        return seen.method == "POST" && !seen.isToken && isHeld
          ? .answer(.json(200, ["json": ["errors": errors]])) : nil
      }
      let first = try await bench.post("comment b", "one").error
      isHeld = false
      var errors = [first]
      for number in 0..<10 {
        try await bench.sleep(40)
        errors.append(try await bench.post(number % 2 == 0 ? "user ada" : "sub birds", "two", id: "w\(number)").error)
      }
      let sent = bench.writes.count
      try await bench.sleep(30)
      return (errors, sent, [try await bench.post("comment b", "one").error, "\(bench.writes.count)"])
    }
    #expect(errors.allSatisfy { $0.hasPrefix("later: ") }, "\(errors)")
    #expect(errors.last?.contains("RATELIMIT") == true)
    #expect(sent == 1)
    #expect(times == ["", "2"])
  }

  static let ends: [(answer: RESTAnswer, end: String)] = [
    (.json(200, ["json": ["errors": [["TOO_OLD", "x", "parent"]]]]), "never"), (.json(403, [:]), "never"),
    (.json(404, [:]), "never"), (.json(400, [:]), "never"), (.json(503, [:]), "again"), (.page(200), "again"),
    (.json(200, [:]), "again"), (.json(200, ["json": ["errors": [["QUOTA_FILLED", "x"]]]]), "later"),
    (.json(401, [:]), "later"),
  ]

  @Test(arguments: ends.indices)
  func `what Reddit answers says whether to try again`(index: Int) async throws {
    let error = try await RedditStage.run { bench in
      Self.fill(bench.reddit)
      bench.reddit.script = { seen, _ in seen.bare == "/api/comment" ? .answer(Self.ends[index].answer) : nil }
      return try await bench.post("comment b", "x").error
    }
    #expect(error.hasPrefix("\(Self.ends[index].end): "), "\(error)")
  }
}
