import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct SendLimiterTests {
  private static func presence(_ activity: String) -> Presence {
    var presence = Presence()
    presence.activity = activity
    return presence
  }

  @Test func `point 9: no more than 120 payloads leave in 60 s, five of them are kept, and the others wait`()
    async throws
  {
    let gateway = try await GatewayFixture { $0.link.interval = 10_000 }
    try await gateway.on { world in
      for number in 0..<200 { try world.gateway?.show(Self.presence("\(number)")) }
    }
    // The identification was one.
    #expect(try await gateway.on { $0.link.last?.sent.count } == 115)
    await gateway.pass(.seconds(60))
    let sent = try await gateway.on { $0.link.last?.sent ?? [] }
    #expect(sent.count <= 120)
    #expect(sent.count { $0["op"] == 1 } == 5)
    await gateway.pass(.seconds(2))
    let shown = try await gateway.on { world in
      world.link.last?.sent(3).compactMap { $0["d"]?["activities"]?.arrayValue?.first?["name"]?.stringValue } ?? []
    }
    #expect(shown == (0..<200).map(String.init))
    try await gateway.host.stop()
  }

  @Test func `point 9: a gateway that asks for beats without end is not answered beyond what it takes`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { world in
      for _ in 0..<500 { world.link.last?.push(#"{"op":1}"#) }
    }
    #expect(try await gateway.on { $0.link.last?.sent.count } == 120)
    try await gateway.host.stop()
  }

  @Test func `point 9: a payload of more than 4096 bytes is refused here`() async throws {
    let gateway = try await GatewayFixture()
    let error = await #expect(throws: ProviderError.self) {
      try await gateway.on { try $0.gateway?.show(Self.presence(String(repeating: "x", count: 4097))) }
    }
    #expect(error?.description.contains("expected at most 4096 bytes, found 41") == true)
    #expect(try await gateway.on { $0.link.last?.sent(3).isEmpty } == true)
    try await gateway.host.stop()
  }

  @Test func `point 9: what the gateway wants no more of for a while waits until then`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { world in
      let data = #"{"opcode":3,"retry_after":12.5,"meta":{}}"#
      world.link.last?.push(ScriptedGateway.event("RATE_LIMITED", 2, data))
    }
    try await gateway.on { try $0.gateway?.show(Self.presence("late")) }
    await gateway.pass(.seconds(12))
    #expect(try await gateway.on { $0.link.last?.sent(3).isEmpty } == true)
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.last?.sent(3).count } == 1)
    // It is an event like any other, too.
    #expect(try await gateway.on { $0.sink.names.last } == "RATE_LIMITED 2")
    try await gateway.host.stop()
  }

  @Test func `a presence that may have been lost with its connection is shown again on the next`() async throws {
    let gateway = try await GatewayFixture()
    for _ in 0..<2 {
      await gateway.pass(.seconds(31), step: .seconds(1))
      try await gateway.on { $0.link.last?.finish(.lost("cut")) }
      await gateway.pass(.milliseconds(250))
    }
    // The session was begun with the one that the configuration says.
    #expect(try await gateway.on { $0.link.connections.map { $0.sent(3).count } } == [0, 0, 0])
    try await gateway.on { world in
      world.link.last?.finish(.lost("cut"))
      try world.gateway?.show(Self.presence("chess"))
    }
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.last?.sent(3).count } == 1)
    try await gateway.host.stop()
  }
}
