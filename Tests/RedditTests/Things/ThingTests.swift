import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

struct ThingTests {
  private static func thing(_ json: JSON) throws -> Thing { try Thing(json) }

  static let texts: [(thing: JSON, text: String)] = [
    (Made.submission(1, ["selftext": "body"]), "Title 1\n\nbody"), (Made.submission(1), "Title 1"),
    (Made.submission(1, ["title": "", "selftext": "body"]), "body"),
    (Made.submission(1, ["is_self": false, "url": "https://a.example/b"]), "Title 1\n\nhttps://a.example/b"),
    (
      Made.submission(1, ["is_self": false, "url": "/r/x", "url_overridden_by_dest": "https://a.example/"]),
      "Title 1\n\nhttps://a.example/"
    ),
    // What ends like a picture's type without being one.
    (Made.submission(1, ["is_self": false, "url": "https://a.example/png"]), "Title 1\n\nhttps://a.example/png"),
    (Made.submission(1, ["is_self": false, "url": "https://a.example/b.PNG?x=1"]), "Title 1"),
    (Made.submission(1, ["is_self": false, "crosspost_parent": "t3_9", "url": "/r/x/9"]), "Title 1"),
    (Made.submission(1, ["title": 7]), ""), (Made.comment(1), "says 1"), (Made.comment(1, ["body": nil]), ""),
    (Made.message(1), "writes 1"),
  ]

  @Test(arguments: texts.indices)
  func `the text is what a reader sees`(index: Int) throws {
    #expect(try Self.thing(Self.texts[index].thing).text == Self.texts[index].text)
  }

  static let standings: [(thing: JSON, standing: Thing.Standing, author: String?)] = [
    (Made.comment(1), .present, "ada"),
    (Made.comment(1, ["body": "[deleted]", "author": "[deleted]"]), .deleted, nil),
    (Made.comment(1, ["body": "[removed]", "author": "[deleted]"]), .removed, nil),
    (Made.comment(1, ["body": "[removed]"]), .removed, "ada"),
    // Somebody writes it.
    (Made.comment(1, ["body": "[deleted]"]), .present, "ada"),
    // Suspended, or gone: what was written stays.
    (Made.comment(1, ["author": "[deleted]"]), .present, nil), (Made.comment(1, ["author": nil]), .present, nil),
    (Made.submission(1, ["selftext": "[deleted]", "author": "[deleted]"]), .deleted, nil),
    (Made.submission(1, ["selftext": "[removed]"]), .removed, "ada"),
    (Made.submission(1, ["is_self": false, "author": "[deleted]"]), .deleted, nil),
    (Made.submission(1, ["author": "[deleted]", "removed_by_category": "deleted"]), .deleted, nil),
    (Made.submission(1, ["author": "[deleted]", "removed_by_category": "moderator"]), .removed, nil),
    (Made.submission(1, ["selftext": "here", "author": "[deleted]"]), .present, nil),
    (Made.submission(1, ["selftext": nil]), .present, "ada"),
  ]

  @Test(arguments: standings.indices)
  func `whether it is there still can be told`(index: Int) throws {
    let (json, standing, author) = Self.standings[index]
    let thing = try Self.thing(json)
    #expect(thing.standing == standing)
    #expect(thing.author == author)
  }

  static let edits: [(edited: JSON, milliseconds: Int64?)] = [
    (false, nil), (true, nil), (nil, nil), (1_767_225_700, 1_767_225_700_000), (1_767_225_700.5, 1_767_225_700_500),
    ("x", nil), (0, nil), (-1, nil), (1e300, nil),
  ]

  @Test(arguments: edits.indices)
  func `an edit has a time, or none that is known`(index: Int) throws {
    let thing = try Self.thing(Made.comment(1, ["edited": Self.edits[index].edited]))
    #expect(thing.edited?.milliseconds == Self.edits[index].milliseconds)
  }

  @Test func `a comment in an inbox belongs to the submission that its context leads to`() throws {
    let json = Made.comment(1, ["context": "/r/birds/comments/a7/a_title/1/?context=3"]).without("link_id")
    #expect(try Self.thing(json).thread == Fullname(.submission, "a7"))
    for context: JSON in ["", "/r/birds", "/comments", "/comments/A!", 7, nil] {
      #expect(try Self.thing(json.with(["context": context])).thread == nil)
    }
    #expect(try Self.thing(Made.comment(1)).thread == Fullname(.submission, "a1"))
  }

  @Test func `a private message begins a conversation, or goes on with one`() throws {
    let first = try Self.thing(Made.message(7))
    #expect(first.thread == first.name)
    #expect([first.partner, first.subreddit, first.author] == ["ada", nil, "ada"])
    let answer = try Self.thing(Made.message(8, ["first_message_name": "t4_7", "parent_id": "t4_7"]))
    #expect([answer.thread, answer.parent] == [Fullname(.message, "7"), Fullname(.message, "7")])
    let moderators = try Self.thing(Made.message(9, ["subreddit": "birds", "author": nil, "dest": "duck"]))
    #expect([moderators.subreddit, moderators.author] == ["birds", nil])
  }

  static let broken: [JSON] = [
    nil, 7, "x", [], [:], ["kind": "t1"], ["kind": "t1", "data": []], ["kind": "t5", "data": ["id": "1"]],
    ["data": ["id": "1", "created_utc": 5]], Made.comment(1).without("id"), Made.comment(1, ["id": "A"]),
    Made.comment(1, ["id": ""]), Made.comment(1, ["id": "12345678901234"]), Made.comment(1, ["id": 7]),
    Made.comment(1).without("created_utc"), Made.comment(1, ["created_utc": "x"]), Made.comment(1, ["created_utc": 0]),
    Made.comment(1, ["created_utc": -5]), Made.comment(1, ["created_utc": 1e18]),
  ]

  @Test(arguments: broken.indices)
  func `what is no thing says what is wrong with it`(index: Int) {
    #expect(throws: ProviderError.self) { try Self.thing(Self.broken[index]) }
  }

  @Test(arguments: ["t1_", "_1", "t1_1_2", "t1", "", "t2_1", "t1_É", "T1_1", "t1_1 ", "t1_12345678901234"])
  func `what is no name of a thing is none`(text: String) {
    #expect(Fullname(text) == nil)
  }

  @Test func `a listing has its things in order, answers behind what they answer, and no mere counts`() throws {
    let more: JSON = ["kind": "more", "data": ["count": 7, "children": ["x"]]]
    let answer = Made.comment(2, ["replies": Made.listing([Made.comment(3), more])])
    let first = Made.comment(1, ["replies": Made.listing([answer])])
    let json: JSON = [Made.listing([Made.submission(9)]), Made.listing([first, Made.comment(4), more])]
    let listing = try Listing(.json(200, json))
    #expect(listing.things.map(Made.name) == ["t3_9", "t1_1", "t1_2", "t1_3", "t1_4"])
    #expect(listing.after == nil)
    #expect(try Listing(.json(200, Made.listing([], after: "t1_x"))).after == "t1_x")
    for json: JSON in [[:], nil, 7, ["kind": "Listing"], [["kind": "t1"]], ["kind": "t2", "data": ["children": []]]] {
      #expect(throws: ProviderError.self) { try Listing(.json(200, json)) }
    }
    #expect(throws: ProviderError.self) { try Listing(.page(200)) }
  }
}

extension Made {
  static func submission(_ number: Int, _ more: JSONObject) -> JSON { submission(number, in: "birds", more) }
  static func comment(_ number: Int, _ more: JSONObject) -> JSON { comment(number, in: "birds", more) }
  static func message(_ number: Int, _ more: JSONObject) -> JSON { message(number, from: "ada", more) }
}
