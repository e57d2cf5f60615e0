import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct HeartbeatTests {
  @Test func `point 1: over 200 connections the first beat comes uniformly within the interval`() async throws {
    // As many shards, all of which connect at once.
    let gateway = try await GatewayFixture(["shards": 200]) { world in
      world.link.interval = 1000
      world.rest.maxConcurrency = 200
      world.random = { .random(in: 0..<1) }
    }
    await gateway.settle(rounds: 1000)
    #expect(try await gateway.on { $0.link.connections.count } == 200)
    var early = 0
    for quarter in 1...4 {
      await gateway.pass(.milliseconds(250), step: .milliseconds(50))
      let beaten = try await gateway.on { $0.link.connections.count { !$0.sent(1).isEmpty } }
      // A quarter of them, 50, give or take five standard deviations of 6.1.
      #expect((19...81).contains(beaten - early), "quarter \(quarter)")
      early = beaten
    }
    #expect(early == 200)
    try await gateway.host.stop()
  }

  @Test func `point 1: beats come at the interval, bear the last sequence, and first of all none`() async throws {
    let gateway = try await GatewayFixture { world in
      world.link.interval = 10_000
      world.link.answers = false
    }
    await gateway.pass(.milliseconds(4950), step: .milliseconds(50))
    #expect(try await gateway.on { $0.link.last?.sent(1).count } == 0)
    await gateway.pass(.milliseconds(50), step: .milliseconds(50))
    #expect(try await gateway.on { $0.link.last?.sent(1) } == [["op": 1, "d": nil]])
    try await gateway.on { $0.link.last?.push(ScriptedGateway.ready("s")) }
    try await gateway.on { $0.link.last?.push(ScriptedGateway.event("TYPING_START", 7)) }
    for beat in 2...5 {
      await gateway.pass(.milliseconds(9950), step: .milliseconds(50))
      #expect(try await gateway.on { $0.link.last?.sent(1).count } == beat - 1)
      await gateway.pass(.milliseconds(50), step: .milliseconds(50))
      #expect(try await gateway.on { $0.link.last?.sent(1).last } == ["op": 1, "d": 7])
    }
    try await gateway.host.stop()
  }

  @Test func `point 1: a beat that the gateway asks for is sent at once and not counted as unacknowledged`()
    async throws
  {
    let gateway = try await GatewayFixture { $0.link.interval = 10_000 }
    await gateway.pass(.seconds(5))
    #expect(try await gateway.on { $0.link.last?.sent(1).count } == 1)
    // Asked for just before the next beat is due, and never acknowledged.
    await gateway.pass(.milliseconds(9900), step: .milliseconds(100))
    try await gateway.on { world in
      world.link.acknowledges = false
      world.link.last?.push(#"{"op":1,"d":null}"#)
    }
    #expect(try await gateway.on { $0.link.last?.sent(1).count } == 2)
    try await gateway.on { $0.link.acknowledges = true }
    await gateway.pass(.seconds(30))
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 2: a connection that freezes is left, and its session resumed, within two intervals`() async throws
  {
    let gateway = try await GatewayFixture { world in
      world.link.interval = 2000
      world.random = { 0.99 }
    }
    await gateway.pass(.seconds(10), step: .milliseconds(100))
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    // Right after a beat was acknowledged: the longest that it can take.
    let beats = try await gateway.on { $0.link.last?.sent(1).count ?? 0 }
    while try await gateway.on({ $0.link.last?.sent(1).count }) == beats {
      await gateway.pass(.milliseconds(20), step: .milliseconds(20))
    }
    try await gateway.on { $0.link.acknowledges = false }
    await gateway.pass(.milliseconds(3900), step: .milliseconds(100))
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    await gateway.pass(.milliseconds(600), step: .milliseconds(100))
    #expect(try await gateway.on { $0.link.connections.count } == 2)
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 2: missing acknowledgements are no matter while events flow`() async throws {
    let gateway = try await GatewayFixture { world in
      world.link.interval = 2000
      world.link.acknowledges = false
    }
    for number in 2...41 {
      try await gateway.on { $0.link.last?.push(ScriptedGateway.event("TYPING_START", Int64(number))) }
      await gateway.pass(.milliseconds(500))
    }
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    #expect(try await gateway.on { $0.link.last?.sent(1).count ?? 0 } >= 9)
    try await gateway.host.stop()
  }

  @Test func `point 2: a connection whose reading is paused is not judged`() async throws {
    let gateway = try await GatewayFixture { $0.link.interval = 2000 }
    try await gateway.on { world in
      world.link.acknowledges = false
      world.link.last?.isPaused = true
    }
    await gateway.pass(.seconds(20))
    #expect(try await gateway.on { $0.link.connections.count } == 1)
    try await gateway.on { $0.link.last?.isPaused = false }
    await gateway.pass(.seconds(4))
    #expect(try await gateway.on { $0.link.connections.count } == 2)
    try await gateway.host.stop()
  }

  @Test func `a gateway that says no hello, or never answers the opening, is left`() async throws {
    let gateway = try await GatewayFixture { $0.link.interval = nil }
    await gateway.pass(.seconds(16))
    #expect(try await gateway.on { $0.link.connections.count } == 2)
    try await gateway.on { world in
      world.link.interval = 1000
      world.link.answers = false
      world.link.last?.finish(.lost("cut"))
    }
    await gateway.pass(.seconds(7))
    #expect(try await gateway.on { $0.link.connections.count } >= 4)
    #expect(try await gateway.on { $0.link.connections.allSatisfy { ($0.closeCode ?? 4000) == 4000 } })
    try await gateway.host.stop()
  }

  @Test func `the time that an acknowledgement takes is measured`() async throws {
    let gateway = try await GatewayFixture { world in
      world.link.interval = 2000
      world.link.acknowledges = false
    }
    await gateway.pass(.seconds(1))
    await gateway.pass(.milliseconds(40), step: .milliseconds(40))
    try await gateway.on { $0.link.last?.push(#"{"op":11}"#) }
    #expect(try await gateway.on { $0.gateway?.health.latencies } == [.milliseconds(40)])
    #expect(gateway.host.record.measured.contains { $0.name == "gateway_heartbeat_seconds" && $0.value == 0.04 })
    try await gateway.host.stop()
  }
}
