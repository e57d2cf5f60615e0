import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct BrokenMessageTests {
  @Test(
    arguments: [
      "", "{", "[]", "null", #"{"op":"#, #"{"op":"1"}"#, #"{"op":-1}"#, #"{"op":1.5}"#, #"{"op":0"#,
      #"{"s":2,"t":"X","d":{}}"#, #"{"op":0,"s":2,"t":"X","d":{"a":[}"#, #"{"op":0,"s":2,"d":{}}"#,
      #"{"op":0,"s":"2","t":"X","d":{}}"#, #"{"op":0,"s":2,"t":"X","d":{}} "x""#, #"{"op":99999999999999999999}"#,
      "\u{0}\u{1}\u{FFFD}",
    ]
  )
  func `point 10: a message that cannot be read is followed by a resumption`(message: String) async throws {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(31), step: .seconds(1))
    try await gateway.on { $0.link.last?.push(message) }
    await gateway.pass(.milliseconds(250))
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    #expect(try await gateway.on { $0.link.sessions } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 10: a stream that is broken is followed by a resumption`() async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { $0.link.last?.finish(.broken("the zlib stream is corrupt")) }
    await gateway.pass(.milliseconds(250))
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    try await gateway.host.stop()
  }

  @Test(arguments: [#"{"op":12}"#, #"{"op":4,"d":{}}"#, #"{"op":1000000,"d":[1,2]}"#])
  func `point 10: an opcode that is not known is passed over`(message: String) async throws {
    let gateway = try await GatewayFixture()
    try await gateway.on { $0.link.last?.push(message) }
    try await gateway.on { $0.link.last?.push(ScriptedGateway.event("NEVER_HEARD_OF", 2, #"{"a":["}",{}]}"#)) }
    #expect(try await gateway.on { $0.link.connections.map(\.closeCode) } == [nil])
    #expect(try await gateway.on { $0.sink.names.last } == "NEVER_HEARD_OF 2")
    #expect(gateway.host.record.measured.contains { $0.name == "gateway_unknown_opcodes_total" })
    try await gateway.host.stop()
  }

  @Test(arguments: [-1, 0, 9, 600_001] as [Int64])
  func `a heartbeat interval that is none is followed by another connection`(interval: Int64) async throws {
    let gateway = try await GatewayFixture { $0.link.interval = interval }
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    #expect(try await gateway.on { $0.link.connections.first?.sent.isEmpty } == true)
    try await gateway.host.stop()
  }

  @Test func `point 10: an event that breaks the session three times is skipped with it`() async throws {
    let gateway = try await GatewayFixture()
    await gateway.pass(.seconds(31), step: .seconds(1))
    try await gateway.on { world in
      world.link.last?.push(ScriptedGateway.event("TYPING_START", 5))
      world.link.replay = { _ in [#"{"op":0,"s":6,"t":"POISON","d":{"#] }
      world.link.last?.push(#"{"op":0,"s":6,"t":"POISON","d":{"#)
    }
    await gateway.pass(.seconds(30))
    #expect(try await gateway.on { $0.link.connections.map { $0.sent(6).count } } == [0, 1, 1, 0])
    #expect(try await gateway.on { $0.link.sessions } == 2)
    #expect(await gateway.host.health()?.reason == "")
    let line = gateway.host.record.logged.first { $0.message.contains("is skipped") }
    #expect(line?.fields.contains(#""after_sequence":5"#) == true)
    try await gateway.host.stop()
  }

  @Test func `point 10: breaks at different places do not end the session`() async throws {
    let gateway = try await GatewayFixture()
    for number in 2...9 {
      await gateway.pass(.seconds(31), step: .seconds(1))
      try await gateway.on { world in
        world.link.last?.push(ScriptedGateway.event("TYPING_START", Int64(number * 10)))
        world.link.last?.push("}")
      }
    }
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.connections.count } == 9)
    #expect(try await gateway.on { $0.link.sessions } == 1)
    try await gateway.host.stop()
  }

  @Test func `a READY without a session begins none`() async throws {
    let gateway = try await GatewayFixture { $0.link.answers = false }
    try await gateway.on { $0.link.last?.push(#"{"op":0,"s":1,"t":"READY","d":{"v":10}}"#) }
    #expect(try await gateway.on { $0.sink.begun.isEmpty })
    #expect(try await gateway.on { $0.link.last?.closeCode } == 4000)
    try await gateway.host.stop()
  }
}
