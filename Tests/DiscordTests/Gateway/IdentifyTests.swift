import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct IdentifyTests {
  @Test func `point 6: 32 shards of which 16 may at once identify in order, and 5 s apart by key`() async throws {
    let gateway = try await GatewayFixture(["shards": 32]) { $0.rest.maxConcurrency = 16 }
    #expect(try await gateway.on { $0.link.identified.map(\.shard) } == Array(0..<16))
    await gateway.pass(.seconds(6), step: .milliseconds(100))
    let identified = try await gateway.on { $0.link.identified.map { [Int64($0.shard), $0.at] } }
    try #require(identified.map { $0[0] } == Array(0..<32))
    for shard in 0..<16 {
      let pause = identified[shard + 16][1] - identified[shard][1]
      #expect((5_000_000_000...5_500_000_000).contains(pause), "shard \(shard)")
    }
    try await gateway.host.stop()
  }

  @Test func `point 6: a shard that comes to nothing makes room for the next`() async throws {
    let gateway = try await GatewayFixture(["shards": 2]) { world in
      world.link.refusal = { [weak link = world.link] _ in
        link?.urls.count == 1 ? .unreachable("refused", isTrust: false) : nil
      }
    }
    await gateway.pass(.milliseconds(500))
    // The first has not identified, so the second need not wait; the first is next.
    #expect(try await gateway.on { $0.link.identified.map(\.shard) } == [1])
    await gateway.pass(.seconds(6))
    #expect(try await gateway.on { $0.link.identified.map(\.shard) } == [1, 0])
    try await gateway.host.stop()
  }

  @Test func `point 6: a thousand crashes in a row cause at most 50 identifications`() async throws {
    // Nothing is recorded: every process finds no session, and would begin one.
    let gateway = try await GatewayFixture { $0.sink.recorded = 0 }
    for _ in 0..<1000 {
      await gateway.host.advance(by: .seconds(60))
      try await gateway.crash()
    }
    let identified = try await gateway.on { $0.link.identified.count }
    // 16 h 40 min, of which each hour would do for a dozen.
    #expect((30...50).contains(identified), "\(identified) identifications")
    let reason = await gateway.reason()
    #expect(reason.contains("has begun 40 of at most 40 within 24 h since 2026-01-01T00:00:00Z"))
    #expect(reason.contains("the next may follow at 2026-01-02T00:00:00Z"))
    #expect(reason.contains("crashes and restarts"))
    // What a person waits for comes.
    await gateway.pass(.seconds(8 * 3600), step: .seconds(600))
    #expect(try await gateway.on { $0.link.identified.count } > identified)
    try await gateway.host.stop()
  }

  @Test func `point 6: a loop of sessions that are lost is slowed down within one process`() async throws {
    let gateway = try await GatewayFixture()
    for _ in 0..<600 {
      try await gateway.on { $0.link.last?.push(#"{"op":9,"d":false}"#) }
      await gateway.pass(.seconds(1), step: .seconds(1))
    }
    // 10 min: at 0, 5, 15, 35, 75, 155, 315 s; a person hears of it once the pauses are long.
    #expect(await gateway.reason().contains("has begun 7 of at most 40 within 24 h"))
    let refusals = gateway.host.record.measured.filter { $0.name == "gateway_identifies_refused_total" }
    #expect(refusals.count == 4)
    #expect((5...8).contains(try await gateway.on { $0.link.identified.count }))
    try await gateway.host.stop()
  }

  @Test func `point 6: what Discord allows is read before each, and the floor is kept`() async throws {
    let gateway = try await GatewayFixture { $0.rest.remaining = 49 }
    await gateway.pass(.seconds(60), step: .seconds(5))
    #expect(try await gateway.on { $0.link.urls.isEmpty })
    let reason = await gateway.reason()
    #expect(reason.contains("Discord allows 49 more of 1000 a day, and config.identify.floor keeps 50"))
    #expect(reason.contains("2026-01-01T04:00:00Z"))
    try await gateway.on { $0.rest.remaining = 1000 }
    await gateway.pass(.seconds(4 * 3600), step: .seconds(120))
    #expect(try await gateway.on { $0.link.identified.count } == 1)
    let asked = try await gateway.on { $0.rest.calls.count { $0.path == "/gateway/bot" } }
    await gateway.pass(.seconds(120), step: .seconds(10))
    try await gateway.on { $0.link.last?.push(#"{"op":9,"d":false}"#) }
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.rest.calls.count { $0.path == "/gateway/bot" } } == asked + 1)
    try await gateway.host.stop()
  }

  @Test func `point 6: it is counted before it is sent, and none is sent that cannot be counted`() async throws {
    let gateway = try await GatewayFixture { $0.link.answers = false }
    #expect(gateway.document("gateway.identifies.0")?["times"] == [1_767_225_600_000])
    #expect(try await gateway.on { $0.link.identified.count } == 1)
    try await gateway.host.stop()
    // A host that keeps no state.
    let host = FakeHost(
      GatewayProbe.self,
      config: ["world": .int(Int64(gateway.number))],
      provider: "discord",
      tenant: "demo",
      missing: [PROMETHEAN_STATE_V1]
    )
    try await host.boot()
    for _ in 0..<50 { await host.advance(by: .seconds(1)) }
    #expect(await host.health()?.reason.contains("cannot be read") == true)
    try await host.stop()
  }

  @Test func `a session that is connected to but never begun costs nothing`() async throws {
    let gateway = try await GatewayFixture { $0.link.interval = nil }
    await gateway.pass(.seconds(120), step: .seconds(1))
    #expect(try await gateway.on { $0.link.connections.count } > 2)
    #expect(gateway.document("gateway.identifies.0") == nil)
    try await gateway.host.stop()
  }

  @Test func `the identification says who it is, what it asks for and how it looks`() async throws {
    let gateway = try await GatewayFixture([
      "intents": ["GUILDS", "GUILD_MESSAGES"], "presence": ["status": "idle", "activity": "chess"],
    ])
    let identify = try await gateway.on { $0.link.last?.sent(2).first?["d"] }
    #expect(identify?["token"] == "the token")
    #expect(identify?["intents"] == 513)
    #expect(identify?["shard"] == [0, 1])
    #expect(identify?["properties"] == ["os": "linux", "browser": "promethean", "device": "promethean"])
    #expect(
      identify?["presence"] == [
        "since": nil, "status": "idle", "afk": false, "activities": [["name": "chess", "type": 0]],
      ]
    )
    // Nothing privileged is asked for, so that nothing needs to be checked.
    #expect(try await gateway.on { $0.rest.calls.map(\.path) } == ["/gateway/bot"])
    try await gateway.host.stop()
  }

  @Test func `a privileged intent that is not enabled is named before a session is wasted on it`() async throws {
    let gateway = try await GatewayFixture(["intents": ["GUILD_MEMBERS", "GUILD_PRESENCES", "MESSAGE_CONTENT"]]) {
      $0.rest.flags = 1 << 19
    }
    await gateway.pass(.seconds(60), step: .seconds(5))
    #expect(try await gateway.on { $0.link.urls.isEmpty })
    #expect(gateway.document("gateway.identifies.0") == nil)
    let reason = await gateway.reason()
    #expect(reason.contains("the privileged intent GUILD_PRESENCES, GUILD_MEMBERS."))
    #expect(reason.contains(#"Enable "Presence Intent" and "Server Members Intent" in Discord's Developer Portal"#))
    try await gateway.host.stop()
  }

  @Test func `an API that is away keeps no session from being resumed`() async throws {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(2))
    try await gateway.on { $0.rest.answer = { _ in .failure(.unreachable("no route to host")) } }
    try await gateway.crash()
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    #expect(try await gateway.on { $0.link.sessions } == 1)
    try await gateway.host.stop()
  }
}
