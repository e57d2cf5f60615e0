import PluginKit
import Testing

@testable import Discord

@Suite
struct GatewaySettingsTests {
  private static func message(_ config: JSONObject) -> String {
    do {
      _ = try GatewaySettings(Config(config))
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `there are 21 intents, and their names are their bits`() throws {
    #expect(Intents.named.count == 21)
    #expect(Intents.named.map(\.bit) == Array(0...16) + [20, 21, 24, 25])
    #expect(try Intents(names: ["MESSAGE_CONTENT", "GUILDS"]).rawValue == 1 << 15 | 1)
    #expect(try Intents(names: Intents.named.map(\.name)).names == Intents.named.map(\.name))
    #expect(try GatewaySettings().intents.rawValue == 46_593)
  }

  @Test(
    arguments: [
      ("GUILD_MESAGES", "GUILD_MESSAGES"), ("guilds", "GUILDS"), ("MESSAGE_CONTENTS", "MESSAGE_CONTENT"),
      ("PRESENCES", "GUILD_PRESENCES"), ("", "GUILDS"),
    ]
  )
  func `a name that is not known is an error that names the nearest`(name: String, nearest: String) {
    #expect(
      Self.message(["intents": [.string(name)]])
        == #"config.intents: expected names of intents, found "\#(name)"; is "\#(nearest)" meant?"#
    )
  }

  @Test(
    arguments: [
      (["compression": "gzip"], #"config.compression: expected none, zlib-stream, zstd-stream, found "gzip""#),
      (["presence": ["status": "away"]], #"presence.status: expected online, idle, dnd, invisible, found "away""#),
      (
        ["presence": ["type": "eating"]],
        #"presence.type: expected playing, streaming, listening, watching, custom, competing, found "eating""#
      ),
      (
        ["presence": ["activity": .string(String(repeating: "x", count: 129))]],
        "presence.activity: expected at most 128 characters, found 129"
      ),
      (["shards": -1], "config.shards: expected integer from 0 to 16384, found -1"),
      (["identify": ["budget": 0]], "config.identify.budget: expected integer from 1 to 1000, found 0"),
    ] as [(JSONObject, String)]
  )
  func `what cannot be is refused with what was expected and found`(config: JSONObject, message: String) {
    #expect(Self.message(config) == message)
  }

  @Test(
    arguments: [
      ("wss://gateway.discord.gg", "wss://gateway.discord.gg/?v=10&encoding=json&compress=zstd-stream"),
      ("wss://gateway.discord.gg/", "wss://gateway.discord.gg/?v=10&encoding=json&compress=zstd-stream"),
      ("ws://127.0.0.1:80/gw", "ws://127.0.0.1:80/gw?v=10&encoding=json&compress=zstd-stream"),
      ("ws://127.0.0.1:80/gw?a=b", "ws://127.0.0.1:80/gw?a=b&v=10&encoding=json&compress=zstd-stream"),
    ]
  )
  func `a URL gets the query`(base: String, url: String) throws {
    #expect(try GatewaySettings().url(base) == url)
    let plain = try GatewaySettings(Config(["compression": "none"]))
    #expect(plain.url(base) == url.replacing("&compress=zstd-stream", with: ""))
  }

  @Test(
    arguments: [
      (1000, .resume), (1001, .resume), (1005, .resume), (1006, .resume), (4000, .resume), (4001, .resume),
      (4002, .resume), (4003, .identify), (4004, .fatal), (4005, .resume), (4007, .identify), (4008, .resume),
      (4009, .identify), (4010, .fatal), (4011, .fatal), (4012, .fatal), (4013, .fatal), (4014, .fatal),
      (4999, .resume),
    ] as [(UInt16, CloseCode.Remedy)]
  )
  func `every close code has its remedy`(code: UInt16, remedy: CloseCode.Remedy) {
    #expect(CloseCode(code).remedy == remedy)
  }

  @Test func `a ledger's pauses double up to ten minutes, and its budget holds for a day`() {
    var ledger = IdentifyLedger()
    var now: Int64 = 1_000_000_000_000
    var pauses: [Int64] = []
    while ledger.times.count < 40 {
      ledger.record(at: now, budget: 40)
      let next = ledger.next(at: now, budget: 40)
      pauses.append((next - now) / 1000)
      now = next
    }
    #expect(pauses.prefix(9) == [5, 10, 20, 40, 80, 160, 320, 600, 600])
    #expect(now == 1_000_000_000_000 + IdentifyLedger.day)
    #expect(IdentifyLedger(ledger.bytes) == ledger)
    // A clock that is set back makes nothing possible earlier.
    #expect(ledger.next(at: 0, budget: 40) == IdentifyLedger.day)
    #expect(IdentifyLedger(Array("{}".utf8)) == nil)
  }

  @Test func `a shard that has just gone is not a reason to be unwell, one that has been away is`() {
    let second: Int64 = 1_000_000_000
    var health = GatewayHealth(shards: [.running(since: 0), .resuming(since: 0, words: "cut")], latencies: [nil, nil])
    #expect(health.health(at: 30 * second) == .well)
    let words = "gateway: shard 1 of 2 has been resuming its session for 31 s: cut"
    #expect(health.health(at: 31 * second) == .unwell(words))
    health.shards[0] = .refused(until: 0, words: "no new session is begun")
    #expect(
      health.health(at: 31 * second)
        == .unwell("gateway: shard 0 of 2 waits: no new session is begun; and 1 more shards are away")
    )
    #expect(GatewayHealth(shards: [], latencies: []).health(at: 0) == .well)
  }
}
