import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct ReconnectTests {
  private static let resumeURL = "wss://resume.example/?v=10&encoding=json&compress=zstd-stream"
  private static let gatewayURL = "wss://gateway.example/?v=10&encoding=json&compress=zstd-stream"

  /// A gateway that has had a session for a minute, at event 5.
  private static func running(_ config: JSONObject = [:]) async throws -> GatewayFixture {
    let gateway = try await GatewayFixture(config)
    await gateway.pass(.seconds(60), step: .seconds(5))
    try await gateway.on { $0.link.last?.push(ScriptedGateway.event("TYPING_START", 5)) }
    return gateway
  }

  enum Cut: CaseIterable, CustomTestStringConvertible {
    case op7, code1000, code1001, code1005, code1006, code4000, code4001, code4002, code4005, code4008, code4999
    case reset, op9

    var testDescription: String { "\(self)" }

    @PluginActor
    func happen(to connection: ScriptedConnection?) {
      switch self {
      case .op7: connection?.push(#"{"op":7,"d":null}"#)
      case .op9: connection?.push(#"{"op":9,"d":true}"#)
      case .reset: connection?.finish(.lost("reset by peer"))
      default:
        connection?.finish(.closed(code: UInt16("\(self)".dropFirst(4)) ?? 0, reason: "because"))
      }
    }
  }

  @Test(arguments: Cut.allCases)
  func `point 3: what leaves the session alone is followed by its resumption at once`(cut: Cut) async throws {
    let gateway = try await Self.running()
    try await gateway.on { cut.happen(to: $0.link.last) }
    await gateway.pass(.milliseconds(250))
    #expect(try await gateway.on { $0.link.urls } == [Self.gatewayURL, Self.resumeURL])
    let resume: JSON = ["op": 6, "d": ["token": "the token", "session_id": "session-1", "seq": 5]]
    #expect(try await gateway.on { $0.link.last?.sent.first } == resume)
    #expect(try await gateway.on { $0.link.sessions } == 1)
    // This side closed only what the other had not, and never so that the session would end.
    let code: UInt16? = [.op7, .op9].contains(cut) ? 4000 : nil
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == code)
    #expect(try await gateway.on { $0.sink.names } == ["READY 1", "TYPING_START 5", "RESUMED 6"])
    try await gateway.host.stop()
    #expect(gateway.host.record.logged.allSatisfy { !"\($0)".contains("the token") })
  }

  @Test func `point 3: tries that fail are made after pauses that grow, up to a minute, and are never given up`()
    async throws
  {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.random = { 0.999 }
      world.link.refusal = { _ in .unreachable("no route to host", isTrust: false) }
      world.link.last?.finish(.lost("cut"))
    }
    // What passed before each try, s.
    var pauses: [Int] = []
    var count = try await gateway.on { $0.link.urls.count }
    #expect(count == 2)
    for _ in 0..<10 {
      var seconds = 0
      while try await gateway.on({ $0.link.urls.count }) == count {
        await gateway.pass(.milliseconds(500), step: .milliseconds(500))
        seconds += 1
      }
      pauses.append(seconds)
      count += 1
    }
    // In half seconds: each is twice the one before until a minute is reached.
    #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120])
    #expect(await gateway.reason().contains("no route to host"))
    try await gateway.on { $0.link.refusal = { _ in nil } }
    await gateway.pass(.seconds(61), step: .seconds(1))
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    #expect(await gateway.host.health()?.status == PROMETHEAN_OK)
    try await gateway.host.stop()
  }

  @Test func `point 3: a gateway that takes everybody in and throws them out again is not asked without a pause`()
    async throws
  {
    let gateway = try await Self.running()
    try await gateway.on { $0.random = { 0.5 } }
    for _ in 0..<400 {
      try await gateway.on { $0.link.last?.finish(.closed(code: 4000, reason: "")) }
      await gateway.pass(.milliseconds(250))
    }
    // 100 s: at once, then after 0.25, 0.5, 1, 2, 4, 8, 16 and 30 s, and so on.
    #expect((5...12).contains(try await gateway.on { $0.link.connections.count }))
    try await gateway.host.stop()
  }

  @Test(arguments: [4003, 4007, 4009, 9] as [UInt16])
  func `point 4: a session that is gone is followed by one identification at the cached URL`(code: UInt16) async throws
  {
    let gateway = try await Self.running()
    #expect(gateway.document("gateway.session.0") != nil)
    let asked = try await gateway.on { $0.rest.calls.count { $0.path == "/gateway/bot" } }
    try await gateway.on { world in
      if code == 9 {
        world.link.last?.push(#"{"op":9,"d":false}"#)
      } else {
        world.link.last?.finish(.closed(code: code, reason: ""))
      }
    }
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.link.urls } == [Self.gatewayURL, Self.gatewayURL])
    #expect(try await gateway.on { $0.link.last?.sent(6).isEmpty } == true)
    #expect(try await gateway.on { $0.link.last?.sent(2).count } == 1)
    #expect(try await gateway.on { $0.sink.begun } == ["0 session-1", "0 session-2"])
    // What is left of the allowance is read anew; a minute-old answer would do.
    #expect(try await gateway.on { $0.rest.calls.count { $0.path == "/gateway/bot" } } <= asked + 1)
    #expect(gateway.document("gateway.session.0")?["id"] == "session-2")
    try await gateway.host.stop()
  }

  @Test func `point 4: a session that is gone is not tried by the next process either`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.link.answers = false
      world.link.last?.finish(.closed(code: 4009, reason: ""))
    }
    #expect(gateway.document("gateway.session.0") == nil)
    try await gateway.crash()
    await gateway.pass(.seconds(20))
    #expect(try await gateway.on { $0.link.connections.allSatisfy { $0.sent(6).isEmpty } })
    try await gateway.host.stop()
  }

  @Test func `point 4: where the URL to resume at cannot be reached, the cached one is tried after two`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.link.refusal = {
        $0.hasPrefix("wss://resume") ? .unreachable("connection refused", isTrust: false) : nil
      }
      world.link.last?.finish(.lost("cut"))
    }
    await gateway.pass(.seconds(5))
    #expect(
      try await gateway.on { $0.link.urls } == [Self.gatewayURL, Self.resumeURL, Self.resumeURL, Self.gatewayURL]
    )
    // The session may be known there too, and costs nothing to ask for.
    #expect(try await gateway.on { $0.link.last?.sent(6).count } == 1)
    #expect(try await gateway.on { $0.link.sessions } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 4: a resumption that is not accepted ends in one identification`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.link.replay = { _ in nil }
      world.link.last?.finish(.lost("cut"))
    }
    await gateway.pass(.seconds(20))
    #expect(try await gateway.on { $0.link.urls } == [Self.gatewayURL, Self.resumeURL, Self.gatewayURL])
    #expect(try await gateway.on { $0.link.sessions } == 2)
    try await gateway.host.stop()
  }

  @Test(
    arguments: [
      (4004, "Bot > Reset Token"), (4010, "leave config.shards out"), (4011, "too many guilds"),
      (4012, "newer version of this plugin"), (4013, "correct config.intents"),
      (4014, #"Enable "Message Content Intent" in Discord's Developer Portal"#),
    ] as [(UInt16, String)]
  )
  func `point 5: a fatal code is not followed by a connection, and says what to do`(code: UInt16, words: String)
    async throws
  {
    let gateway = try await Self.running(["shards": 2])
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.link.connections.count } == 2)
    try await gateway.on { $0.link.last?.finish(.closed(code: code, reason: "")) }
    await gateway.pass(.seconds(60), step: .seconds(1))
    #expect(try await gateway.on { $0.link.urls.count } == 2)
    // The other shard has been left, too, and its session was not ended.
    #expect(try await gateway.on { $0.link.connections.first?.closeCode } == 4000)
    #expect(await gateway.host.health()?.status != PROMETHEAN_OK)
    #expect(await gateway.reason().contains(words))
    #expect(try await gateway.on { $0.gateway?.health.failure?.code } == code)
    try await gateway.host.stop()
  }

  @Test func `point 5: a token that is not accepted is tried again when there is another`() async throws {
    let gateway = try await GatewayFixture { $0.rest.answer = { _ in .success(RESTAnswer(status: 401)) } }
    await gateway.pass(.seconds(60), step: .seconds(1))
    // Not even one connection was wasted on it.
    #expect(try await gateway.on { $0.link.urls.count } == 0)
    #expect(await gateway.reason().contains("promethean secrets rotate discord/demo"))
    try await gateway.on { world in
      world.rest.answer = { _ in nil }
      world.gateway?.secretsChanged()
    }
    #expect(try await gateway.on { $0.link.last?.sent(2).count } == 1)
    #expect(await gateway.host.health()?.status == PROMETHEAN_OK)
    // A token that works is not interrupted by a newer one, which the next opening bears.
    try await gateway.on { $0.gateway?.secretsChanged() }
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.urls.count } == 1)
    try await gateway.host.stop()
  }

  @Test func `point 5: a shard that fails for want of its token goes on with another one`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { $0.link.last?.finish(.closed(code: 4004, reason: "")) }
    await gateway.pass(.seconds(10))
    try await gateway.on { world in
      world.token = .success("another token")
      world.gateway?.secretsChanged()
    }
    await gateway.pass(.seconds(1))
    #expect(try await gateway.on { $0.link.last?.sent(6).first?["d"]?["token"] } == "another token")
    try await gateway.host.stop()
  }

  @Test func `point 5: where there is no token, it says where to put one`() async throws {
    let gateway = try await GatewayFixture { $0.token = .failure(HostError(.notFound, "credential bot_token")) }
    await gateway.pass(.seconds(30), step: .seconds(1))
    #expect(try await gateway.on { $0.link.urls.count } == 1)
    #expect(await gateway.reason().contains("plugins.yml"))
    #expect(gateway.document("gateway.identifies.0") == nil)
    try await gateway.host.stop()
  }
}
