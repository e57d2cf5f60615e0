import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct SessionTests {
  private static func event(_ sequence: Int64) -> String { ScriptedGateway.event("TYPING_START", sequence) }

  @Test func `point 7: a process that is killed is followed by one that goes on after what was recorded`() async throws
  {
    let gateway = try await GatewayFixture()
    try await gateway.on { world in
      for number in 2...9 { world.link.last?.push(Self.event(Int64(number))) }
      // Of what has been taken, the last two are not recorded yet.
      world.sink.recorded = 7
    }
    await gateway.pass(.milliseconds(1250))
    #expect(gateway.document("gateway.session.0")?["sequence"] == 7)
    try await gateway.on { $0.link.replay = { after in (after + 1...11).map(Self.event) } }
    try await gateway.crash()
    let resume: JSON = ["op": 6, "d": ["token": "the token", "session_id": "session-1", "seq": 7]]
    #expect(try await gateway.on { $0.link.last?.sent.first } == resume)
    #expect(try await gateway.on { $0.link.urls.last?.hasPrefix("wss://resume.example/") } == true)
    let expected = ["TYPING_START 8", "TYPING_START 9", "TYPING_START 10", "TYPING_START 11", "RESUMED 12"]
    #expect(try await gateway.on { $0.sink.names.suffix(5) } == expected)
    // Another process has another sink, which must hear of the session, too.
    #expect(try await gateway.on { $0.sink.begun } == ["0 session-1", "0 session-1"])
    #expect(try await gateway.on { $0.link.sessions } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 7: nothing is kept of a session of which nothing is recorded`() async throws {
    let gateway = try await GatewayFixture { $0.sink.recorded = 0 }
    await gateway.pass(.seconds(70), step: .seconds(1))
    #expect(gateway.document("gateway.session.0") == nil)
    try await gateway.host.stop()
    #expect(gateway.document("gateway.session.0") == nil)
  }

  @Test func `point 7: what is kept is written at most once a second, and when the gateway pauses or stops`()
    async throws
  {
    let gateway = try await GatewayFixture()
    func writes() -> UInt64 { gateway.host.record.documents["discord/demo/gateway.session.0"]?.version ?? 0 }
    for number in 2...200 {
      try await gateway.on { $0.link.last?.push(Self.event(Int64(number))) }
      if number % 20 == 0 { await gateway.pass(.milliseconds(250)) }
    }
    #expect((1...3).contains(writes()))
    let before = writes()
    try await gateway.on { $0.link.last?.push(Self.event(201)) }
    try await gateway.host.stop()
    #expect(writes() == before + 1)
    #expect(gateway.document("gateway.session.0")?["sequence"] == 201)
  }

  @Test func `point 7: a session that is old, of another number of shards or unreadable is not tried`() async throws {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(2))
    try await gateway.host.stop()
    await gateway.host.advance(by: .seconds(5 * 3600))
    try await gateway.boot()
    #expect(try await gateway.on { $0.link.sessions } == 2)
    await gateway.pass(.seconds(2))
    try await gateway.on { $0.rest.shards = 2 }
    try await gateway.crash()
    await gateway.pass(.seconds(12))
    #expect(try await gateway.on { $0.link.sessions } == 4)
    #expect(try await gateway.on { $0.link.connections.allSatisfy { $0.sent(6).isEmpty } })
    try await gateway.host.stop()
  }

  @Test func `a session that stays quiet does not look older than it is`() async throws {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(5 * 3600), step: .seconds(30))
    try await gateway.crash()
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 11: what is replayed comes before RESUMED, in order and marked, and nothing comes twice`()
    async throws
  {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(40), step: .seconds(5))
    try await gateway.on { world in
      for number in [2, 3, 3, 2, 4] { world.link.last?.push(Self.event(Int64(number))) }
      // What has been seen already is sent again, too.
      world.link.replay = { _ in (3...6).map { Self.event(Int64($0)) } }
      world.link.last?.finish(.lost("cut"))
    }
    await gateway.pass(.milliseconds(250))
    // The double counts on after all four.
    try await gateway.on { $0.link.last?.push(Self.event(20)) }
    let taken = try await gateway.on { $0.sink.taken.map { "\($0.sequence)\($0.isReplayed ? " replayed" : "")" } }
    #expect(taken == ["1", "2", "3", "4", "5 replayed", "6 replayed", "9", "20"])
    #expect(try await gateway.on { $0.sink.names.contains("RESUMED 9") })
    let dropped = gateway.host.record.measured.filter { $0.name == "gateway_events_dropped_total" }
    #expect(dropped.reduce(0) { $0 + $1.value } == 4)
    try await gateway.host.stop()
  }

  @Test func `point 11: while what came is still being recorded, heartbeats go on`() async throws {
    let gateway = try await GatewayFixture { $0.link.interval = 2000 }
    try await gateway.on { world in
      world.sink.isBlocked = true
      for number in 2...5 { world.link.last?.push(Self.event(Int64(number))) }
    }
    try await gateway.on { $0.link.last?.isPaused = true }
    await gateway.pass(.seconds(20))
    #expect(try await gateway.on { $0.link.last?.sent(1).count } == 10)
    #expect(try await gateway.on { $0.sink.names } == ["READY 1", "TYPING_START 2"])
    try await gateway.on { world in
      world.link.last?.isPaused = false
      world.sink.unblock()
    }
    #expect(try await gateway.on { $0.sink.names.count } == 5)
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 7: a session is kept as soon as its first event is recorded`() async throws {
    let gateway = try await GatewayFixture()
    #expect(gateway.document("gateway.session.0")?["sequence"] == 1)
    try await gateway.host.stop()
  }

  @Test func `a pause keeps the session, and what follows goes on with it`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { $0.link.last?.push(Self.event(2)) }
    let flushes = try await gateway.on { $0.sink.flushes }
    try await gateway.wait { await $0.gateway?.pause() }
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    #expect(try await gateway.on { $0.sink.flushes } == flushes + 1)
    #expect(gateway.document("gateway.session.0")?["sequence"] == 2)
    await gateway.pass(.seconds(30), step: .seconds(1))
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    try await gateway.on { $0.gateway?.resume() }
    #expect(try await gateway.on { $0.link.last?.sent(6).first?["d"]?["seq"] } == 2)
    await gateway.pass(.seconds(2))
    #expect(try await gateway.on { $0.link.connections.count } == 2)
    try await gateway.host.stop()
  }

  @Test func `a pause while it connects comes to no connection`() async throws {
    let gateway = try await GatewayFixture { $0.link.refusal = { _ in .unreachable("refused", isTrust: false) } }
    try await gateway.wait { await $0.gateway?.pause() }
    let tries = try await gateway.on { $0.link.urls.count }
    await gateway.pass(.seconds(90), step: .seconds(1))
    #expect(try await gateway.on { $0.link.urls.count } == tries)
    try await gateway.on { world in
      world.link.refusal = { _ in nil }
      world.gateway?.resume()
    }
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    try await gateway.host.stop()
  }

  @Test func `a generation that gives leaves its sessions to the next, and keeps nothing any more`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { world in
      for number in 2...9 { world.link.last?.push(Self.event(Int64(number))) }
      world.sink.recorded = 7
    }
    let given = try await gateway.on { $0.gateway?.give() ?? .null }
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    // Not even what is recorded of it meanwhile.
    try await gateway.on { $0.sink.recorded = nil }
    await gateway.pass(.seconds(5))
    try await gateway.host.stop()
    // What was kept when it had begun.
    #expect(gateway.document("gateway.session.0")?["sequence"] == 1)
    #expect(given["0"]?["sequence"] == 7)

    let next = try await GatewayFixture { $0.given = given }
    let resume: JSON = ["op": 6, "d": ["token": "the token", "session_id": "session-1", "seq": 7]]
    #expect(try await next.on { $0.link.last?.sent.first } == resume)
    await next.pass(.seconds(2))
    #expect(next.document("gateway.session.0")?["sequence"] == 8)
    try await next.host.stop()
  }

  @Test func `a generation that gives and has no next one goes on with its sessions`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { $0.link.last?.push(Self.event(2)) }
    try await gateway.on { _ = $0.gateway?.give() }
    await gateway.pass(.seconds(2))
    try await gateway.on { $0.gateway?.resume() }
    #expect(try await gateway.on { $0.link.last?.sent(6).first?["d"]?["seq"] } == 2)
    await gateway.pass(.seconds(2))
    #expect(gateway.document("gateway.session.0")?["sequence"] == 3)
    try await gateway.host.stop()
  }
}
