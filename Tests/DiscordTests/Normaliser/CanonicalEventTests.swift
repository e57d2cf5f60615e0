import Envelope
import Testing

@testable import Discord

@Suite("Canonical events of Discord's")
struct CanonicalEventTests {
  @Test(arguments: cases)
  func `an event becomes what it means on any provider`(row: Case) throws {
    var normaliser = try Normaliser.test()
    if let before = row.before { _ = normaliser.take(before.name, before.data, sequence: 1) }
    let result = normaliser.take(row.name, row.data)
    #expect(result.problems == [] && result.omissions == 0 && result.verdict == .allowed)
    #expect(result.envelopes.map(\.canonical) == row.expected.map(\.payload), "\(result.envelopes.map(\.text))")
    #expect(result.envelopes.map(\.id) == row.expected.map { "discord:demo:\(row.intent):\($0.id)" })
    for envelope in result.envelopes {
      #expect(envelope.topic == "promethean.p.discord.t.demo.\(row.area).\(row.intent)")
      #expect(envelope.intent == row.intent)
      #expect(envelope.key == envelope.json["space_urn"]?.stringValue)
      #expect(envelope.origin == .live)
      #expect(try faults(envelope) == [])
      if row.name != "MESSAGE_DELETE_BULK" { #expect(envelope.json["provider_payload"] == (try JSON.parse(row.data))) }
    }
  }

  @Test func `the raw data are spliced as they came`() throws {
    var normaliser = try Normaliser.test()
    let data = #"{ "id":"5", "channel_id" : "20","timestamp":"2026-11-21T00:00:00Z","author":{"id":"40"},"x":1.50 }"#
    let envelope = try #require(normaliser.take("MESSAGE_CREATE", data).envelopes.first)
    #expect(envelope.text.hasSuffix(#","provider_payload":\#(data)}"#))
  }

  @Test func `edits of one moment are told apart by what the message then is, but not by the URLs of its files`() throws
  {
    var normaliser = try Normaliser.test()
    func id(_ more: String, url: String = "u", sequence: Int64 = 12) throws -> String {
      let data =
        #"{"id":"5","channel_id":"20","edited_timestamp":"2026-11-21T00:00:01Z","#
        + #""attachments":[{"id":"7","url":"\#(url)"}]\#(more)}"#
      return try #require(normaliser.take("MESSAGE_UPDATE", data, sequence: sequence).envelopes.first).id
    }
    let edit = try id("")
    #expect(edit.hasPrefix("discord:demo:SocialMessageUpdated:5:1795219201000:"))
    #expect(try id("", url: "https://x/?ex=1", sequence: 13) == edit)
    let others = [#","pinned":true"#, #","content":"x""#, #","embeds":[]"#, #","flags":4"#]
    #expect(try Set(others.map { try id($0) } + [edit]).count == others.count + 1)
  }

  @Test func `a deletion is not before the message was written`() throws {
    var normaliser = try Normaliser.test()
    let id = Snowflake(millisecondsSince1970: 1_700_000_000_123)
    let envelope = try #require(
      normaliser.take("MESSAGE_DELETE", #"{"id":"\#(id)","channel_id":"20"}"#).envelopes.first
    )
    #expect(envelope.json["deleted_at"] == "2023-11-14T22:13:20.123Z")
  }

  @Test func `the number of an event is the same when it is replayed, and another in another session`() throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    let reaction = #"{"user_id":"40","channel_id":"20","message_id":"5","emoji":{"id":null,"name":"👍"}}"#
    func ids(_ sequence: Int64) -> [String] {
      normaliser.take("MESSAGE_REACTION_ADD", reaction, sequence: sequence).envelopes.map(\.id)
    }
    let first = ids(12)
    #expect(first.count == 2)
    #expect(ids(12) == first)
    #expect(Set(ids(13) + first).count == 4)
    normaliser.begin(shard: 0, session: "s2")
    #expect(Set(ids(12) + first).count == 4)
    normaliser.begin(shard: 0, session: "s1")
    #expect(ids(12) == first)
  }
}

struct Case: Sendable, CustomTestStringConvertible {
  var what: String
  var name: String
  var intent: String
  var area = "events"
  var before: (name: String, data: String)?
  var data: String
  var expected: [(id: String, payload: JSON)]
  var testDescription: String { what }
}

private let number = Normaliser.session + "12"
private let time = "2026-11-21T00:00:00.123000+00:00"

private func message(_ more: JSON, thread: Bool = false) -> JSON {
  var object: JSONObject = ["message_id": "1300"]
  for (key, value) in more.objectValue ?? [:] { object[key] = value }
  object["space_urn"] = thread ? "urn:discord:channel:demo:30" : "urn:discord:channel:demo:20"
  object["provider"] = "discord"
  object["tenant"] = "demo"
  return .object(object)
}

private func create(_ what: String, _ data: String, _ payload: JSON) -> Case {
  let data = #"{"id":"1300","channel_id":"20","guild_id":"10","timestamp":"\#(time)",\#(data)}"#
  guard var object = payload.objectValue else { fatalError("expected an object, found \(payload)") }
  object["created_at"] = "2026-11-21T00:00:00.123Z"
  if object["author_urn"] == nil { object["author_urn"] = "urn:discord:user:demo:40" }
  return Case(
    what: what,
    name: "MESSAGE_CREATE",
    intent: SocialMessageCreated.intent,
    data: data,
    expected: [("1300", message(.object(object)))]
  )
}

private let ann = #""author":{"id":"40","username":"ann"}"#
private let thread = (name: "THREAD_CREATE", data: #"{"id":"30","guild_id":"10","parent_id":"20","type":11}"#)
private let removed: JSON = "2020-09-13T12:26:40Z"

private let cases: [Case] = [
  create("text", #""type":0,"content":"hi \"<@41>\" \u00e9",\#(ann)"#, ["text": "hi \"<@41>\" é"]),
  create(
    "no text without the intent",
    #""type":0,"content":"",\#(ann),"attachments":[]"#,
    ["text": "", "attachments": []]
  ),
  create(
    "a reply",
    #""type":19,"content":"yes",\#(ann),"message_reference":{"type":0,"channel_id":"20","message_id":"1299"}"#,
    ["in_reply_to": "1299", "text": "yes"]
  ),
  create(
    "a reply to what is gone",
    #""type":19,"content":"yes",\#(ann),"message_reference":{"channel_id":"20"},"referenced_message":null"#,
    ["text": "yes"]
  ),
  create(
    "a forward, whose text is another's",
    #""type":0,"content":"",\#(ann),"message_reference":{"type":1,"channel_id":"21","message_id":"9"},"#
      + #""message_snapshots":[{"message":{"content":"theirs"}}]"#,
    ["text": ""]
  ),
  create(
    "a crosspost",
    #""type":0,"content":"news",\#(ann),"flags":2,"message_reference":{"channel_id":"99","message_id":"9","guild_id":"98"}"#,
    ["text": "news"]
  ),
  create(
    "files",
    #""type":0,"content":"",\#(ann),"attachments":[{"id":"7","filename":"a.png","size":12,"#
      + #""url":"https:\/\/cdn.example.org/a.png?ex=1","content_type":"image/png"},"#
      + #"{"id":"8","size":-1,"url":"https://x/y","content_type":null}]"#,
    [
      "text": "",
      "attachments": [
        [
          "urn": "urn:discord:attachment:demo:7", "url": "https://cdn.example.org/a.png?ex=1",
          "content_type": "image/png", "size": 12,
        ], ["urn": "urn:discord:attachment:demo:8", "url": "https://x/y"],
      ],
    ]
  ),
  create(
    "stickers",
    #""type":0,"content":"",\#(ann),"sticker_items":[{"id":"1","name":"x","format_type":1}]"#,
    ["text": ""]
  ),
  create("a member who joined", #""type":7,"content":"",\#(ann)"#, [:]),
  create("a new name of the channel", #""type":4,"content":"general",\#(ann)"#, [:]),
  create("a type that is new", #""type":999,"content":"x",\#(ann)"#, ["text": "x"]),
  create(
    "a webhook's",
    #""type":0,"content":"x","webhook_id":"50","application_id":"60","author":{"id":"50","bot":true}"#,
    ["text": "x", "author_urn": "urn:discord:webhook:demo:50"]
  ),
  create(
    "an application's answer, whose webhook is itself",
    #""type":20,"content":"x","webhook_id":"60","application_id":"60","author":{"id":"60","bot":true}"#,
    ["text": "x", "author_urn": "urn:discord:user:demo:60"]
  ),
  create(
    "in a thread by its type",
    #""type":0,"channel_type":11,"content":"x",\#(ann)"#,
    ["text": "x", "thread_id": "20"]
  ),
  create(
    "with a thread that hangs from it",
    #""type":0,"content":"x",\#(ann),"flags":32,"thread":{"id":"1300","type":11}"#,
    ["text": "x"]
  ),
  Case(
    what: "in a thread that was told of",
    name: "MESSAGE_CREATE",
    intent: SocialMessageCreated.intent,
    before: thread,
    data: #"{"id":"1300","channel_id":"30","guild_id":"10","timestamp":"\#(time)","type":0,"content":"x",\#(ann)}"#,
    expected: [
      (
        "1300",
        message(
          [
            "thread_id": "30", "author_urn": "urn:discord:user:demo:40", "text": "x",
            "created_at": "2026-11-21T00:00:00.123Z",
          ],
          thread: true
        )
      )
    ]
  ),
  Case(
    what: "a direct message, whose time is that of its id",
    name: "MESSAGE_CREATE",
    intent: SocialMessageCreated.intent,
    data: #"{"id":"4194304000","channel_id":"20","type":0,"content":"x",\#(ann)}"#,
    expected: [
      (
        "4194304000",
        message([
          "message_id": "4194304000", "author_urn": "urn:discord:user:demo:40", "text": "x",
          "created_at": "2015-01-01T00:00:01Z",
        ])
      )
    ]
  ),
  Case(
    what: "a preview that was found: text and files stay as before",
    name: "MESSAGE_UPDATE",
    intent: SocialMessageUpdated.intent,
    data: #"{"id":"1300","channel_id":"20","guild_id":"10","embeds":[{"type":"link"}]}"#,
    expected: [
      ("1300:" + number, message(["created_at": "2015-01-01T00:00:00Z", "edited_at": removed]))
    ]
  ),
  Case(
    what: "a pin of what never was edited",
    name: "MESSAGE_UPDATE",
    intent: SocialMessageUpdated.intent,
    data:
      #"{"id":"1300","channel_id":"20","timestamp":"\#(time)","edited_timestamp":null,"content":"x",\#(ann),"pinned":true}"#,
    expected: [
      (
        "1300:" + number,
        message([
          "author_urn": "urn:discord:user:demo:40", "text": "x", "created_at": "2026-11-21T00:00:00.123Z",
          "edited_at": "2026-11-21T00:00:00.123Z",
        ])
      )
    ]
  ),
  Case(
    what: "a deletion",
    name: "MESSAGE_DELETE",
    intent: SocialMessageDeleted.intent,
    data: #"{"id":"1300","channel_id":"20","guild_id":"10"}"#,
    expected: [("1300", message(["deleted_at": removed]))]
  ),
  Case(
    what: "deletions in bulk",
    name: "MESSAGE_DELETE_BULK",
    intent: SocialMessageDeleted.intent,
    data: #"{"ids":["1300","1301"],"channel_id":"20","guild_id":"10"}"#,
    expected: [
      ("1300", message(["deleted_at": removed])), ("1301", message(["message_id": "1301", "deleted_at": removed])),
    ]
  ),
  Case(
    what: "a reaction",
    name: "MESSAGE_REACTION_ADD",
    intent: SocialReactionAdded.intent,
    data:
      #"{"user_id":"40","channel_id":"20","message_id":"1300","guild_id":"10","emoji":{"id":null,"name":"👍"},"type":0}"#,
    expected: [
      (number, message(["author_urn": "urn:discord:user:demo:40", "reaction": "👍", "created_at": removed]))
    ]
  ),
  Case(
    what: "a reaction in a thread with an emoji of the guild's",
    name: "MESSAGE_REACTION_ADD",
    intent: SocialReactionAdded.intent,
    before: thread,
    data: #"{"user_id":"40","channel_id":"30","message_id":"1300","emoji":{"id":"77","name":"party","animated":true}}"#,
    expected: [
      (
        number,
        message(
          [
            "thread_id": "30", "author_urn": "urn:discord:user:demo:40", "reaction": "party:77", "created_at": removed,
          ],
          thread: true
        )
      )
    ]
  ),
  Case(
    what: "a reaction that is gone, of an emoji that is gone",
    name: "MESSAGE_REACTION_REMOVE",
    intent: SocialReactionRemoved.intent,
    data: #"{"user_id":"40","channel_id":"20","message_id":"1300","emoji":{"id":"77","name":null}}"#,
    expected: [
      (number, message(["author_urn": "urn:discord:user:demo:40", "reaction": "_:77", "deleted_at": removed]))
    ]
  ),
  Case(
    what: "all reactions that are gone",
    name: "MESSAGE_REACTION_REMOVE_ALL",
    intent: SocialReactionRemoved.intent,
    data: #"{"channel_id":"20","message_id":"1300"}"#,
    expected: [(number, message(["deleted_at": removed]))]
  ),
  Case(
    what: "all reactions of an emoji that are gone",
    name: "MESSAGE_REACTION_REMOVE_EMOJI",
    intent: SocialReactionRemoved.intent,
    data: #"{"channel_id":"20","message_id":"1300","emoji":{"id":null,"name":"👍"}}"#,
    expected: [(number, message(["reaction": "👍", "deleted_at": removed]))]
  ),
  Case(
    what: "somebody who types, where nothing is recorded",
    name: "TYPING_START",
    intent: SocialTyping.intent,
    area: "control",
    data: #"{"channel_id":"20","guild_id":"10","user_id":"40","timestamp":1600000001}"#,
    expected: [
      (
        number,
        [
          "author_urn": "urn:discord:user:demo:40", "started_at": "2020-09-13T12:26:41Z",
          "space_urn": "urn:discord:channel:demo:20", "provider": "discord", "tenant": "demo",
        ]
      )
    ]
  ),
]
