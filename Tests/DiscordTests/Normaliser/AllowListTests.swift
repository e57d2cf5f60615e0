import Envelope
import ProviderKit
import Testing

@testable import Discord

@Suite("Allow-list")
struct AllowListTests {
  @Test(
    arguments: [
      (nil, nil, "20", "10", true), (["*"], ["*"], "20", "10", true), (["*"], nil, "50", nil, true),
      (["10"], nil, "20", "10", true), (["10"], nil, "20", "11", false), (["10", "*"], nil, "20", "11", true),
      ([], nil, "20", "10", false), (nil, [], "20", "10", false), (nil, ["20"], "20", "10", true),
      (["10"], ["*"], "20", "10", true), (["11"], ["20"], "20", "10", false),
      // A thread of channel 20, another channel of the guild, a channel that nobody told of.
      (nil, ["20"], "30", "10", true), (nil, ["21"], "30", "10", false), (nil, ["20"], "22", "10", false),
      (nil, ["20"], "99", "10", nil), (["10"], ["30"], "30", "10", true),
      // Direct messages.
      (["10"], nil, "50", nil, false), (["10"], ["*"], "50", nil, false), (["10"], ["50"], "50", nil, true),
      (nil, ["50"], "50", nil, true), (nil, ["20"], "50", nil, false),
    ] as [([String]?, [String]?, String, String?, Bool?)]
  )
  func `an event leaves the plugin if its guild and channel may`(
    guilds: [String]?,
    channels: [String]?,
    channel: String,
    guild: String?,
    isAllowed: Bool?
  ) throws {
    var normaliser = try Normaliser.test(guilds: guilds, channels: channels, raw: ["*"])
    _ = normaliser.take(
      "GUILD_CREATE",
      #"{"id":"10","channels":[{"id":"20","type":0},{"id":"21","type":0},{"id":"22","type":0,"parent_id":"20"}],"#
        + #""threads":[{"id":"30","type":11,"parent_id":"20"}]}"#
    )
    let guild = guild.map { #","guild_id":"\#($0)""# } ?? ""
    let data =
      #"{"id":"5","channel_id":"\#(channel)"\#(guild),"timestamp":"2026-11-21T00:00:00Z","author":{"id":"40"}}"#
    let result = normaliser.take("MESSAGE_CREATE", data)
    #expect(result.envelopes.count == (isAllowed == true ? 2 : 0))
    let expected: AllowList.Verdict = isAllowed.map { $0 ? .allowed : .refused } ?? .unknown(Snowflake(99))
    #expect(result.verdict == expected)
  }

  @Test(
    arguments: [
      // What a list does not ask for need not be known.
      (nil, nil, "20", true, true), (nil, ["20"], "20", true, true), (["*"], nil, "50", true, true),
      // A channel of guild 10, a thread of it, one of guild 11, a direct message, one that nobody sees.
      (["10"], nil, "20", nil, true), (["10"], nil, "30", nil, true), (["10"], nil, "23", nil, false),
      (["10"], nil, "50", nil, false), (["10"], nil, "60", nil, false),
      (["10"], ["20"], "30", nil, true), (["10"], ["21"], "30", nil, false), (["10"], ["23"], "23", nil, false),
      (["10"], ["50"], "50", nil, true), (nil, ["20"], "30", nil, true), (nil, ["20"], "50", nil, false),
      ([], nil, "20", nil, false), (nil, [], "20", nil, false),
    ] as [([String]?, [String]?, String, Bool?, Bool)]
  )
  func `a message of the history is decided by the place of its channel, which it does not tell`(
    guilds: [String]?,
    channels: [String]?,
    channel: String,
    atFirst: Bool?,
    isAllowed: Bool
  ) throws {
    var normaliser = try Normaliser.test(guilds: guilds, channels: channels)
    let data = #"{"id":"5","channel_id":"\#(channel)","timestamp":"2026-11-21T00:00:00Z","author":{"id":"40"}}"#
    func recovered() -> Normalised { normaliser.recover(Array(data.utf8), receivedAt: receivedAt) }
    let unknown = AllowList.Verdict.unknown(try #require(Snowflake(channel)))
    #expect(recovered().verdict == atFirst.map { $0 ? .allowed : .refused } ?? unknown)
    let objects = [
      "20": #"{"id":"20","guild_id":"10","type":0}"#, "23": #"{"id":"23","guild_id":"11","type":0}"#,
      "30": #"{"id":"30","guild_id":"10","type":11,"parent_id":"20"}"#, "50": #"{"id":"50","type":1}"#,
    ]
    if let object = objects[channel] {
      #expect(normaliser.learn(channel: Array(object.utf8)) == [])
    } else {
      normaliser.learn(hidden: try #require(Snowflake(channel)))
    }
    #expect(recovered().verdict == (isAllowed ? .allowed : .refused))
    #expect(recovered().envelopes.count == (isAllowed ? 1 : 0))
  }

  @Test(
    arguments: [
      ("GUILD_CREATE", #"{"id":"10"}"#, true), ("GUILD_CREATE", #"{"id":"11"}"#, false),
      ("GUILD_DELETE", #"{"id":"11","unavailable":true}"#, false), ("GUILD_MEMBER_ADD", #"{"guild_id":"10"}"#, true),
      ("GUILD_MEMBER_ADD", #"{"guild_id":"11"}"#, false),
      ("CHANNEL_CREATE", #"{"id":"20","guild_id":"10","type":0}"#, true),
      ("CHANNEL_CREATE", #"{"id":"21","guild_id":"10","type":0}"#, false),
      ("THREAD_CREATE", #"{"id":"30","guild_id":"10","type":11,"parent_id":"20"}"#, true),
      ("THREAD_CREATE", #"{"id":"30","guild_id":"10","type":11,"parent_id":"21"}"#, false),
      ("THREAD_LIST_SYNC", #"{"guild_id":"11","threads":[]}"#, false),
      ("VOICE_STATE_UPDATE", #"{"guild_id":"10","channel_id":null}"#, true),
      ("VOICE_STATE_UPDATE", #"{"guild_id":"11","channel_id":null}"#, false),
      ("SOMETHING_NEW", #"{"guild_id":"11","x":1}"#, false), ("SOMETHING_NEW", #"{"x":1}"#, true),
      ("SOMETHING_NEW", #"{"guild_id":10}"#, false), ("SOMETHING_NEW", #"{"channel_id":"x"}"#, false),
      ("READY", #"{"session_id":"s"}"#, true), ("RESUMED", "null", true), ("RESUMED", "[", false),
    ]
  )
  func `other events leave it by their guild, channel or thread`(name: String, data: String, isAllowed: Bool) throws {
    var normaliser = try Normaliser.test(guilds: ["10"], channels: ["20"], raw: ["*"])
    let result = normaliser.take(name, data)
    #expect(result.envelopes.count == (isAllowed ? 1 : 0))
    #expect(result.verdict == (isAllowed ? .allowed : .refused))
  }

  @Test func `a channel that nobody told of is decided once it is looked up`() throws {
    var normaliser = try Normaliser.test(channels: ["20"])
    func verdict(_ channel: String) -> AllowList.Verdict {
      normaliser.take("MESSAGE_DELETE", #"{"id":"5","channel_id":"\#(channel)","guild_id":"10"}"#).verdict
    }
    #expect(verdict("30") == .unknown(Snowflake(30)))
    #expect(normaliser.learn(channel: Array(#"{"id":"30","type":12,"parent_id":"20","guild_id":"10"}"#.utf8)) == [])
    #expect(verdict("30") == .allowed)
    normaliser.learn(hidden: Snowflake(31))
    #expect(verdict("31") == .refused)
    #expect(normaliser.learn(channel: Array(#"{"id":30}"#.utf8)).map(\.description).count == 1)
    #expect(normaliser.learn(channel: Array("{".utf8)).map(\.description).count == 1)
  }

  @Test func `posts go where events may come from`() throws {
    var normaliser = try Normaliser.test(guilds: ["10"], channels: ["20", "23"])
    #expect(normaliser.allows(channel: Snowflake(20)) == .unknown(Snowflake(20)))
    for (id, guild, type, parent) in [
      (20, 10, 0, 1), (21, 10, 0, 20), (23, 11, 0, 1), (30, 10, 11, 20), (31, 10, 11, 21),
    ] {
      let object = #"{"id":"\#(id)","guild_id":"\#(guild)","type":\#(type),"parent_id":"\#(parent)"}"#
      #expect(normaliser.learn(channel: Array(object.utf8)) == [])
    }
    let allowed = [20, 21, 23, 30, 31].filter { normaliser.allows(channel: Snowflake($0)) == .allowed }
    #expect(allowed == [20, 30])
    #expect(try Normaliser.test().allows(channel: Snowflake(1)) == .allowed)
    #expect(try Normaliser.test(channels: ["20"]).allows(channel: Snowflake(20)) == .allowed)
    #expect(try Normaliser.test(channels: ["20"]).allows(channel: Snowflake(21)) == .unknown(Snowflake(21)))
  }

  @Test func `a list that cannot be read says which entry`() {
    let error = #expect(throws: ProviderError.self) { try AllowList(guilds: ["1", "general"]) }
    #expect(error?.description == "allow.guilds[1]: expected an id of digits or *, found \"general\"")
    let other = #expect(throws: ProviderError.self) { try RawEvents(["message_create"]) }
    #expect(other?.description.hasPrefix("raw_events[0]: expected the name of an event") == true)
  }

  @Test func `what is remembered of channels is bounded, and the later half of it stays`() {
    var places = Places(limit: 10)
    for id in 0..<1000 { places.learn(Snowflake(UInt64(id)), Place(guild: nil, parent: Snowflake(1))) }
    let known = (0..<1000).filter { places[Snowflake(UInt64($0))] != nil }
    #expect((10...20).contains(known.count) && known.last == 999)
  }
}
