import PluginKit
import TestSupport
import Testing

@testable import Reddit

struct NormaliserTests {
  private static let now = Timestamp(nanoseconds: FakeHost.epoch + 3_600_000_000_000)

  private static func normaliser(_ allow: [String]? = nil) -> Normaliser {
    Normaliser(account: Account(provider: "reddit", tenant: "demo"), allow: AllowList(allow), configRev: "rev")
  }

  private static func created(
    _ json: JSON,
    allow: [String]? = nil,
    _ origin: Envelope.Origin = .live
  ) throws -> [Envelope] {
    normaliser(allow).created(try Thing(json), origin, at: now)
  }

  static let events: [(thing: JSON, events: [String], key: String)] = [
    (Made.comment(1), ["created t1_1"], "urn:reddit:sub:demo:birds"),
    (Made.submission(1), ["created t3_1"], "urn:reddit:sub:demo:birds"),
    (Made.message(1), ["created t4_1"], "urn:reddit:user:demo:ada"),
    (Made.message(1, ["author": nil, "subreddit": "birds"]), ["created t4_1"], "urn:reddit:sub:demo:birds"),
    (Made.message(1, ["author": nil, "dest": nil]), ["created t4_1"], "urn:reddit:user:demo:[deleted]"),
    (Made.comment(1, ["edited": 1_767_225_700]), ["created t1_1", "updated t1_1"], "urn:reddit:sub:demo:birds"),
    (
      Made.comment(1, ["body": "[removed]", "author": "[deleted]"]), ["created t1_1", "deleted t1_1"],
      "urn:reddit:sub:demo:birds"
    ),
    (Made.comment(1, ["subreddit": "u_ada"]), ["created t1_1"], "urn:reddit:sub:demo:u_ada"),
  ]

  @Test(arguments: events.indices)
  func `what a thing means stands in events of its space`(index: Int) throws {
    let (thing, events, key) = Self.events[index]
    let envelopes = try Self.created(thing)
    #expect(envelopes.map(\.short) == events)
    #expect(
      envelopes.allSatisfy { $0.key == key || key.contains("[") && $0.key.contains("deleted") },
      "\(envelopes.map(\.key))"
    )
    #expect(envelopes.allSatisfy { $0.topic == "promethean.p.reddit.t.demo.events.\($0.intent)" })
    #expect(envelopes.allSatisfy { $0.json["space_urn"]?.stringValue == $0.key && $0.configRev == "rev" })
  }

  @Test func `copies of an event have one id, whichever listing they came from and whenever`() throws {
    let listed = Made.comment(1, ["edited": 1_767_225_700])
    let inbox = listed.without("link_id").with(["context": "/r/birds/comments/a1/x/1/", "new": true, "score": 9])
    let (one, other) = (try Self.created(listed), try Self.created(inbox, .backfill))
    #expect(one.map(\.id) == other.map(\.id))
    #expect(Set(one.map(\.id)).count == 2)
    #expect(one.map(\.origin) == [.live, .live])
    #expect(other.map(\.origin) == [.backfill, .backfill])
    let thing = try Thing(listed)
    let again = Self.normaliser().changed(thing, .live, at: Timestamp(nanoseconds: FakeHost.epoch))
    #expect(again.map(\.id) == [one[1].id])
    #expect(one[0].json["thread_id"] == other[0].json["thread_id"])
  }

  @Test func `each change of a thing is another event`() throws {
    let states: [JSON] = [
      Made.comment(1, ["edited": 1_767_225_700]), Made.comment(1, ["edited": 1_767_225_800]),
      Made.comment(1, ["body": "other", "edited": 1_767_225_700]), Made.comment(1, ["author": "[deleted]"]),
      Made.comment(1, ["body": "[deleted]", "author": "[deleted]"]),
    ]
    let ids = try states.flatMap { Self.normaliser().changed(try Thing($0), .live, at: Self.now).map(\.id) }
    #expect(Set(ids).count == states.count)
  }

  @Test(arguments: [["birds"], ["BIRDS"], ["r/Birds"], ["/r/bIRDs", "x"], ["*"], ["x", "*"]])
  func `names of subreddits are allowed in any case`(allow: [String]) throws {
    for name in ["birds", "Birds", "BIRDS"] {
      #expect(try Self.created(Made.comment(1, ["subreddit": .string(name)]), allow: allow).count == 1)
    }
  }

  @Test(arguments: [[], ["bird"], ["birds2"], ["r/"], [""]])
  func `of other subreddits nothing is told, and of private messages all`(allow: [String]) throws {
    #expect(try Self.created(Made.comment(1, ["edited": 1_767_225_700]), allow: allow).isEmpty)
    #expect(Self.normaliser(allow).changed(try Thing(Made.comment(1)), .live, at: Self.now).isEmpty)
    #expect(try Self.created(Made.message(1), allow: allow).count == 1)
    #expect(try Self.created(Made.message(1, ["subreddit": "birds"]), allow: allow).isEmpty)
  }

  @Test func `the event says who, where, when, and what it answers`() throws {
    let json = try #require(Self.created(Made.comment(1, ["parent_id": "t1_9"])).first).json
    #expect(json["author_urn"] == "urn:reddit:user:demo:ada")
    #expect(json["thread_id"] == "t3_a1")
    #expect(json["in_reply_to"] == "t1_9")
    #expect(json["text"] == "says 1")
    #expect(json["created_at"]?.stringValue?.hasPrefix("2026-01-01T00:00:00") == true)
    #expect(json["provider_payload"]?["body_html"] == "<p>said</p>")
    let moderators = try #require(Self.created(Made.message(2, ["author": nil, "subreddit": "birds"])).first).json
    #expect(moderators["author_urn"] == "urn:reddit:sub:demo:birds")
  }

  @Test func `a deletion is not before what it deletes`() throws {
    let thing = try Thing(Made.comment(1, ["body": "[deleted]", "author": nil, "created_utc": 2_000_000_000]))
    let gone = try #require(Self.normaliser().changed(thing, .live, at: Self.now).first)
    #expect(gone.json["deleted_at"]?.stringValue?.hasPrefix("2033") == true)
  }

  static let sizes: [(text: String, html: String, hasPayload: Bool, isWhole: Bool)] = [
    (String(repeating: "a", count: 30_000), "", true, true),
    (String(repeating: "a", count: 30_000), String(repeating: "b", count: 60_000), false, true),
    (String(repeating: "a", count: 50_000), "", false, true),
    (String(repeating: "a", count: 70_000), "", false, false),
    (String(repeating: "\u{1}", count: 40_000), "", false, false),
    (String(repeating: "🏳️‍🌈", count: 10_000), "", false, false),
    (String(repeating: "\"\\", count: 30_000), "", false, false),
  ]

  @Test(arguments: sizes.indices)
  func `however much somebody writes, its event fits an envelope`(index: Int) throws {
    let (text, html, hasPayload, isWhole) = Self.sizes[index]
    let thing = Made.comment(1, ["body": .string(text), "body_html": .string(html), "edited": 1_767_225_700])
    let envelopes = try Self.created(thing)
    #expect(envelopes.count == 2)
    for envelope in envelopes {
      #expect(envelope.payload.count <= Envelope.payloadMax)
      let told = envelope.json["text"]?.stringValue ?? ""
      #expect(text.hasPrefix(told) && (told == text) == isWhole)
      #expect((envelope.json["provider_payload"]?["body"] != nil) == (hasPayload || !html.isEmpty))
      if !isWhole { #expect(envelope.json["provider_payload"]?["omitted"]?["text_bytes"] != nil) }
      if !isWhole { #expect(told.utf8.count > 8000) }
    }
  }

  @Test func `an address that fits no envelope does not keep its thing from being told`() throws {
    let url = "https://a.example/\(String(repeating: "x", count: 70_000)).png"
    let envelopes = try Self.created(Made.submission(1, ["is_self": false, "url": .string(url)]))
    #expect(envelopes.count == 1)
    #expect(envelopes.allSatisfy { $0.payload.count <= Envelope.payloadMax })
  }
}
