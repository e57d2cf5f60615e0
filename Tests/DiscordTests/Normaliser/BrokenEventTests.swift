import Envelope
import Testing

@testable import Discord

@Suite("Broken events")
struct BrokenEventTests {
  @Test(
    arguments: [
      ("MESSAGE_CREATE", "{}", "channel_id: expected a value, found nothing"),
      ("MESSAGE_CREATE", #"{"channel_id":"20"}"#, "id: expected an id: digits in quotes, found nothing"),
      (
        "MESSAGE_CREATE", #"{"id":"5","channel_id":20}"#, "channel_id: expected an id: digits in quotes, found a number"
      ),
      ("MESSAGE_CREATE", #"{"id":"5","channel_id":"20"}"#, "author: expected an object, found nothing"),
      (
        "MESSAGE_CREATE", #"{"id":"5","channel_id":"20","author":{"id":"ann"}}"#,
        "author.id: expected an id: digits in quotes, found a string of 3 bytes"
      ),
      ("MESSAGE_CREATE", "[]", "channel_id: expected a value, found nothing"),
      (
        "MESSAGE_UPDATE", #"{"id":"99999999999999999999","channel_id":"20"}"#,
        "id: expected an id: digits in quotes, found a string of 20 bytes"
      ),
      ("MESSAGE_DELETE", #"{"id":"5"}"#, "channel_id: expected a value, found nothing"),
      ("MESSAGE_DELETE_BULK", #"{"channel_id":"20"}"#, "ids: expected a value, found nothing"),
      ("MESSAGE_DELETE_BULK", #"{"channel_id":"20","ids":"5"}"#, "ids: expected an array, found a string of 1 bytes"),
      (
        "MESSAGE_REACTION_ADD", #"{"channel_id":"20","message_id":"5","user_id":"40","emoji":{}}"#,
        "emoji.name: expected an emoji, found nothing"
      ),
      ("TYPING_START", #"{"channel_id":"20"}"#, "user_id: expected an id: digits in quotes, found nothing"),
      ("GUILD_CREATE", "{}", "id: expected an id: digits in quotes, found nothing"),
      ("READY", "{\"a\":", "expected JSON, found 1:6: expected a value, found the end"),
    ]
  )
  func `one is told of by its field, and its raw copy is kept`(name: String, data: String, problem: String) throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    let result = normaliser.take(name, data)
    #expect(result.problems.map(\.description) == ["\(name): \(problem)"])
    #expect(result.envelopes.map(\.intent) == [name])
  }

  @Test func `what is wrong with a part does not lose the rest`() throws {
    var normaliser = try Normaliser.test()
    let result = normaliser.take(
      "MESSAGE_CREATE",
      #"{"id":"5","channel_id":"20","author":{"id":"40"},"timestamp":"now","content":7,"edited_timestamp":1,"#
        + #""attachments":[{"id":"7"},3,{"id":"8","url":"u","size":1.5}]}"#
    )
    #expect(
      result.problems.map(\.field) == [
        "content", "attachments[].url", "attachments[].id", "timestamp", "edited_timestamp",
      ]
    )
    let envelope = try #require(result.envelopes.first)
    #expect(envelope.json["attachments"] == [["urn": "urn:discord:attachment:demo:8", "url": "u"]])
    #expect(try faults(envelope) == [])
  }

  @Test func `more deletions than there can be are not all believed`() throws {
    var normaliser = try Normaliser.test()
    let ids = (1...2000).map { "\"\($0)\"" }.joined(separator: ",")
    let result = normaliser.take("MESSAGE_DELETE_BULK", #"{"channel_id":"20","ids":[\#(ids)]}"#)
    #expect(result.envelopes.count == Normaliser.bulkMax)
    #expect(result.problems.map(\.field) == ["ids"])
  }

  @Test func `data that are said to lie elsewhere are refused`() throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    var dispatch = Dispatch.test("READY", "{}")
    dispatch.data = 5..<100_000
    #expect(normaliser.normalise(dispatch, receivedAt: receivedAt).problems.count == 1)
    dispatch.data = 99_000..<100_000
    #expect(normaliser.normalise(dispatch, receivedAt: receivedAt).problems.count == 1)
  }

  /// Whatever comes, what leaves is a valid envelope without the secret.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func `point 25: changed at random they break nothing, and let no secret out`(seed: UInt64) throws {
    var random = Mutations(seed: seed)
    for lists in [(nil, nil), (["10"], ["20"])] as [([String]?, [String]?)] {
      var normaliser = try Normaliser.test(guilds: lists.0, channels: lists.1, raw: ["*"])
      for _ in 0..<30 {
        for (name, event) in Self.events {
          let data = random.changed(try JSON.parse(event)).text
          let result = normaliser.take(name, random.isRare ? random.cut(data) : data)
          for envelope in result.envelopes {
            #expect(throws: Never.self) { try envelope.binary() }
            #expect(throws: Never.self) { try Topic(envelope.topic) }
            #expect(!envelope.text.contains("CANARY"))
            if envelope.intent.hasPrefix("Social") { #expect(try faults(envelope) == []) }
          }
          #expect(result.problems.allSatisfy { !$0.description.contains("CANARY") })
        }
      }
    }
  }

  private static let events = [
    (
      "MESSAGE_CREATE",
      #"{"id":"1300","channel_id":"20","guild_id":"10","timestamp":"2026-11-21T00:00:00Z","type":19,"content":"x","#
        + #""author":{"id":"40"},"webhook_id":"40","attachments":[{"id":"7","url":"u","size":1,"content_type":"a/b"}],"#
        + #""message_reference":{"message_id":"1","channel_id":"20"},"token":"CANARY"}"#
    ),
    (
      "MESSAGE_UPDATE",
      #"{"id":"1300","channel_id":"20","guild_id":"10","edited_timestamp":"2026-11-21T00:00:00Z","content":"x","#
        + #""author":{"id":"40"},"embeds":[{"url":"https://x/webhooks/1/CANARY"}]}"#
    ),
    ("MESSAGE_DELETE_BULK", #"{"ids":["1","2"],"channel_id":"20","guild_id":"10","secrets":["CANARY"]}"#),
    (
      "MESSAGE_REACTION_ADD",
      #"{"user_id":"40","channel_id":"20","guild_id":"10","message_id":"5","emoji":{"id":"7","name":"a"},"token":"CANARY"}"#
    ),
    (
      "GUILD_CREATE",
      #"{"id":"10","channels":[{"id":"20","type":0}],"threads":[{"id":"30","type":11,"parent_id":"20"}],"#
        + #""presences":[{"activities":[{"secrets":{"join":"CANARY"}}]}]}"#
    ),
    ("THREAD_CREATE", #"{"id":"30","guild_id":"10","type":11,"parent_id":"20","token":"CANARY"}"#),
    ("TYPING_START", #"{"channel_id":"20","guild_id":"10","user_id":"40","timestamp":1600000001,"token":"CANARY"}"#),
    ("INTERACTION_CREATE", #"{"id":"1","token":"CANARY","guild_id":"10","channel_id":"20","data":{"x":[1]}}"#),
  ]
}

/// Changes to the values of a document, never to where a secret's key stands over it.
private struct Mutations: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  var isRare: Bool { mutating get { Int.random(in: 0..<10, using: &self) == 0 } }

  mutating func cut(_ text: String) -> String { String(text.prefix(Int.random(in: 0...text.count, using: &self))) }

  mutating func changed(_ json: JSON) -> JSON {
    if isRare { return value() }
    switch json {
    case .array(let values): return .array(values.map { changed($0) })
    case .object(let object):
      var other: JSONObject = [:]
      for (key, value) in object where !isRare {
        other[key] = Self.secret.contains(key) ? value : changed(value)
      }
      return .object(other)
    default: return json
    }
  }

  private static let secret: Set<String> = ["token", "secrets", "url"]

  private mutating func value() -> JSON {
    let values: [JSON] = [
      nil, true, -1, 1.5, 1e300, "", "x", "18446744073709551616", "-5", "١", [], [[]], [:], ["id": 5], "2026-13-01",
      .string(String(repeating: "9", count: 70_000)), .int(.max), .int(.min),
    ]
    return values.randomElement(using: &self) ?? nil
  }
}
