import Envelope
import Testing

@testable import Discord

@Suite("Events as they came")
struct RawEventTests {
  @Test func `an event is spliced into what says where it came`() throws {
    var normaliser = try Normaliser.test(raw: ["GUILD_ROLE_CREATE"])
    let data = #"{ "guild_id":"10", "role":{"id":"1","x":1.50} }"#
    let result = normaliser.take("GUILD_ROLE_CREATE", data)
    let envelope = try #require(result.envelopes.first)
    #expect(envelope.text == #"{"shard":0,"sequence":12,"event":"GUILD_ROLE_CREATE","data":\#(data)}"#)
    #expect(envelope.topic == "promethean.p.discord.t.demo.events.GUILD_ROLE_CREATE")
    #expect(envelope.intent == "GUILD_ROLE_CREATE")
    #expect(envelope.id == "discord:demo:GUILD_ROLE_CREATE:\(Normaliser.session)12")
    #expect(envelope.key == "urn:discord:guild:demo:10")
    #expect(normaliser.take("GUILD_ROLE_DELETE", data).envelopes.isEmpty)
  }

  @Test(
    arguments: [
      (#"{"guild_id":"10","channel_id":"20"}"#, "urn:discord:guild:demo:10"),
      (#"{"channel_id":"20"}"#, "urn:discord:channel:demo:20"), ("null", "urn:discord:shard:demo:0"),
      ("{}", "urn:discord:shard:demo:0"),
    ]
  )
  func `its key keeps the order of all that happens in a guild`(data: String, key: String) throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    #expect(normaliser.take("SOMETHING_NEW", data).envelopes.map(\.key) == [key])
  }

  @Test(arguments: [
    ("MESSAGE_CREATE", "MESSAGE_CREATE"), ("X2_Y", "X2_Y"), ("SocialTyping", "S%6F%63%69%61%6CT%79%70%69%6E%67"),
    ("A.B >*", "A%2EB%20%3E%2A"), ("", "%"), ("É", "%C3%89"),
  ])
  func `its name is one token of a topic, and never that of a canonical event`(name: String, token: String) throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    let topic = try #require(normaliser.take(name, "{}").envelopes.first).topic
    #expect(try Topic(topic).name == token)
    let long = RawEvents.token(String(repeating: "é", count: 1000))
    #expect(throws: Never.self) { try Topic("promethean.p.discord.t.demo.events.\(long)") }
  }

  @Test func `an event too large for an envelope says how large it was`() throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    func data(_ size: Int) -> String { "\"" + String(repeating: "x", count: size - 2) + "\"" }
    let around = try #require(normaliser.take("READY", "1").envelopes.first).payload.count - 1
    let most = normaliser.take("READY", data(Envelope.payloadMax - around))
    #expect(most.omissions == 0)
    #expect(most.envelopes.first?.payload.count == Envelope.payloadMax)
    let more = normaliser.take("READY", data(Envelope.payloadMax - around + 1))
    #expect(more.omissions == 1)
    #expect(
      more.envelopes.first?.json
        == [
          "shard": 0, "sequence": 12, "event": "READY",
          "omitted": ["bytes": .int(Int64(Envelope.payloadMax - around + 1))],
        ]
    )
  }

  @Test func `a message goes without the provider's payload where that has no room`() throws {
    var normaliser = try Normaliser.test()
    func take(_ padding: Int) -> Normalised {
      let padding = String(repeating: "x", count: padding)
      return normaliser.take(
        "MESSAGE_CREATE",
        #"{"id":"5","channel_id":"20","timestamp":"2026-11-21T00:00:00Z","content":"hi","author":{"id":"40"},"x":"\#(padding)"}"#
      )
    }
    let room = Envelope.payloadMax - (try #require(take(0).envelopes.first)).payload.count
    let most = take(room)
    #expect(most.omissions == 0 && most.envelopes.first?.payload.count == Envelope.payloadMax)
    let more = take(room + 1)
    #expect(more.omissions == 1 && more.problems.isEmpty)
    let envelope = try #require(more.envelopes.first)
    #expect(envelope.json["text"] == "hi")
    #expect(envelope.json["provider_payload"]?["omitted"]?["bytes"]?.intValue ?? 0 > 64_000)
    #expect(try faults(envelope) == [])
  }

  @Test func `the longest text fits, whatever is in it`() throws {
    var normaliser = try Normaliser.test()
    for character in ["x", "🦆", #"\ud83e\udd86"#, #"\u0000"#, "<@1300000000000000001>"] {
      let text = String(repeating: character, count: 4000)
      let data = #"{"id":"5","channel_id":"20","content":"\#(text)","author":{"id":"40"}}"#
      let result = normaliser.take("MESSAGE_CREATE", data)
      let isWithinLimit = character.unicodeScalars.count == 1 || character.hasPrefix("\\")
      #expect(result.envelopes.count == (text.utf8.count < Envelope.payloadMax - 400 ? 1 : 0))
      #expect(!isWithinLimit || result.envelopes.first?.json["text"]?.stringValue?.isEmpty == false)
    }
  }
}

@Suite("Secrets in events")
struct RedactionTests {
  @Test(
    arguments: [
      ("INTERACTION_CREATE", #"{"id":"1","token":"CANARY","data":{"name":"x"}}"#),
      ("INTERACTION_CREATE", #"{"id":"1","to\u006ben":"CANARY"}"#),
      ("INTERACTION_CREATE", #"{"token":"a","token":"CANARY"}"#),
      ("VOICE_SERVER_UPDATE", #"{"token":"CANARY","guild_id":"10","endpoint":"x"}"#),
      ("SOMETHING_NEW", #"{"a":[{"b":{"webhook":{"id":"1","token":"CANARY"}}}]}"#),
      ("SOMETHING_NEW", #"{"url":"https://discord.com/api/webhooks/123/CANARY"}"#),
      ("SOMETHING_NEW", #"{"url":"https:\/\/discord.com\/api\/v10\/webhooks\/123\/CANARY?wait=true"}"#),
      ("SOMETHING_NEW", #"{"x":{"access_token":"CANARY","refresh_token":["CANARY"],"client_secret":{"a":"CANARY"}}}"#),
      ("PRESENCE_UPDATE", #"{"activities":[{"secrets":{"join":"CANARY","token":"CANARY"}}]}"#),
      (
        "MESSAGE_CREATE",
        #"{"id":"5","channel_id":"20","author":{"id":"40"},"interaction":{"token":"CANARY"},"token":"CANARY"}"#
      ),
    ]
  )
  func `point 25: what lets anybody in is in no envelope`(name: String, data: String) throws {
    var normaliser = try Normaliser.test(raw: ["*"])
    let result = normaliser.take(name, data)
    #expect(result.envelopes.count == (name == "MESSAGE_CREATE" ? 2 : 1))
    for envelope in result.envelopes {
      #expect(!envelope.text.contains("CANARY"), "\(envelope.text)")
      #expect(envelope.text.contains("[redacted]"))
      #expect(throws: Never.self) { try JSONView(envelope.payload) }
    }
  }

  @Test(arguments: [
    #"{"token":null,"tokens":"a","url":"https://discord.com/developers/docs/resources/webhooks"}"#,
    #"{"url":"https://x/webhooks/","webhook_url":5,"x":"token","session_id":"s","resume_gateway_url":"wss://x"}"#,
  ])
  func `what is no secret stays as it came`(data: String) throws {
    #expect(EventRedaction.redacted(try JSONView(Array(data.utf8))).elementsEqual(data.utf8))
  }

  @Test func `only the secret is replaced`() throws {
    let view = try JSONView(Array(#"{"a":1, "token" : "x" ,"b":[{"token":{}, "c":2}]}"#.utf8))
    let text = String(decoding: EventRedaction.redacted(view), as: UTF8.self)
    #expect(text == #"{"a":1, "token" : "[redacted]" ,"b":[{"token":"[redacted]", "c":2}]}"#)
  }
}
