import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct BackfillTests {
  /// Answers requests for messages as Discord does: of those after an id the oldest, the newest of them first.
  @PluginActor
  private static func serve(_ world: GatewayWorld, _ channels: [UInt64: [UInt64]], statuses: [UInt64: Int] = [:]) {
    world.rest.answer = { call in
      let parts = call.path.split { "/?&=".contains($0) }.map(String.init)
      guard parts.first == "channels", let channel = UInt64(parts[1]), let after = UInt64(parts[4]),
        let limit = Int(parts[6])
      else { return nil }
      if let status = statuses[channel] { return .success(RESTAnswer(status: status)) }
      let page = (channels[channel] ?? []).filter { $0 > after }.prefix(limit).reversed()
      let body = page.map { #"{"id":"\#($0)","channel_id":"\#(channel)","author":{"id":"7"}}"# }.joined(separator: ",")
      return .success(RESTAnswer(status: 200, body: Array("[\(body)]".utf8)))
    }
  }

  private static func ids(_ messages: [String]) -> [UInt64] {
    messages.compactMap { (try? JSON.parse($0))?["id"]?.stringValue.flatMap { UInt64($0) } }
  }

  /// What was recovered of a channel.
  private static func recovered(_ gateway: GatewayFixture, _ channel: UInt64) async throws -> [UInt64] {
    ids(try await gateway.on { $0.recovered.filter { $0.channel == Snowflake(channel) }.map(\.message) })
  }

  /// A gateway that has seen message 100 of channel 1 and message 200 of channel 2, and recorded that it has.
  private static func running(
    _ config: JSONObject = [:],
    _ setUp: @escaping GatewayProbe.SetUp = { _ in }
  ) async throws -> GatewayFixture {
    let gateway = try await GatewayFixture(config, setUp)
    try await gateway.on { world in
      world.gateway?.saw(channel: Snowflake(1), message: Snowflake(100))
      world.gateway?.saw(channel: Snowflake(2), message: Snowflake(200))
    }
    await gateway.pass(.seconds(6), step: .seconds(1))
    return gateway
  }

  @Test func `point 8: what was missed for 48 minutes is fetched, the oldest first`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      Self.serve(world, [1: Array(90...350), 2: [150, 200]])
      world.link.refusal = { _ in .unreachable("no route to host", isTrust: false) }
      world.link.last?.finish(.lost("cut"))
    }
    await gateway.pass(.seconds(48 * 60), step: .seconds(10))
    #expect(try await gateway.on { $0.recovered.isEmpty })
    try await gateway.on { world in
      world.link.refusal = { _ in nil }
      world.link.replay = { _ in nil }
    }
    await gateway.pass(.seconds(90), step: .seconds(1))
    #expect(try await Self.recovered(gateway, 1) == Array(101...350))
    #expect(try await Self.recovered(gateway, 2) == [])
    let paths = try await gateway.on { $0.rest.calls.map(\.path).filter { $0.hasPrefix("/channels/1/") } }
    #expect(paths == [100, 200, 300].map { "/channels/1/messages?after=\($0)&limit=100" })
    // What was recovered need not be again, and nothing is left to do.
    #expect(gateway.document("gateway.backfill") == nil)
    #expect(gateway.document("gateway.seen")?["seen"] == [[1, 350], [2, 200]])
    try await gateway.host.stop()
  }

  @Test func `point 8: a process that finds no session fetches what was missed, and one that resumes does not`()
    async throws
  {
    let gateway = try await Self.running()
    try await gateway.on { Self.serve($0, [1: [101, 102]]) }
    try await gateway.crash()
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.recovered.isEmpty })
    try await gateway.host.stop()
    await gateway.host.advance(by: .seconds(5 * 3600))
    try await gateway.boot()
    await gateway.pass(.seconds(10))
    #expect(try await Self.recovered(gateway, 1) == [101, 102])
    try await gateway.host.stop()
  }

  @Test func `point 8: what comes with the new session does not hide what was missed before it`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.recording = { throw HostError(.unavailable, "the journal is away") }
      Self.serve(world, [1: [101, 102, 103]])
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(6))
    #expect(try await gateway.on { $0.link.sessions } == 2)
    try await gateway.on { $0.gateway?.saw(channel: Snowflake(1), message: Snowflake(103)) }
    await gateway.pass(.seconds(2))
    #expect(gateway.document("gateway.seen")?["seen"]?.arrayValue?.first == [1, 103])
    // It is not recorded yet; another process goes on with it, although that one resumes.
    #expect(gateway.document("gateway.backfill")?["gaps"]?.arrayValue?.contains([1, 100, 0]) == true)
    try await gateway.crash()
    try await gateway.on { $0.recording = {} }
    await gateway.pass(.seconds(61), step: .seconds(1))
    #expect(try await Self.recovered(gateway, 1) == [101, 102, 103])
    #expect(gateway.document("gateway.backfill") == nil)
    try await gateway.host.stop()
  }

  @Test func `point 8: a backfill that is interrupted goes on where it was, in another process`() async throws {
    let gateway = try await Self.running([:]) { $0.recording = {} }
    try await gateway.on { world in
      Self.serve(world, [1: Array(101...350)])
      // The second page is being recorded when the process is killed.
      world.recording = { [weak world] in
        guard let world, world.recovered.count >= 100 else { return }
        try await world.context?.clock.sleep(for: .seconds(3600))
      }
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(6))
    #expect(try await Self.recovered(gateway, 1) == Array(101...200))
    try await gateway.crash()
    #expect(try await Self.recovered(gateway, 1) == Array(101...350))
    try await gateway.host.stop()
  }

  @Test func `point 8: it is bounded by channel and in all`() async throws {
    let gateway = try await Self.running(["backfill": ["channel_max": 150, "total_max": 300]])
    try await gateway.on { world in
      Self.serve(world, [1: Array(101...900), 2: Array(201...900), 3: Array(301...900)])
      world.gateway?.saw(channel: Snowflake(3), message: Snowflake(300))
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.recovered.count } == 300)
    #expect(gateway.document("gateway.backfill") == nil)
    let lines = gateway.host.record.logged.filter { $0.message.contains("more was missed than is fetched") }
    #expect(lines.count == 1)
    #expect((1...3).allSatisfy { lines.first?.fields.contains("\($0)") == true })
    try await gateway.host.stop()
  }

  @Test func `point 8: channels that are hidden or gone are passed over, told once and forgotten`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      Self.serve(world, [2: [201]], statuses: [1: 403, 3: 404])
      world.gateway?.saw(channel: Snowflake(3), message: Snowflake(300))
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(10))
    #expect(try await Self.recovered(gateway, 2) == [201])
    let lines = gateway.host.record.logged.filter { $0.message.contains("not readable") }
    #expect(lines.count == 1)
    #expect(lines.first?.fields.contains("3 (404)") == true && lines.first?.fields.contains("1 (403)") == true)
    #expect(gateway.document("gateway.seen")?["seen"] == [[2, 201]])
    try await gateway.host.stop()
  }

  @Test(arguments: [RESTAnswer(status: 503), RESTAnswer(status: 200, body: Array("[1".utf8))])
  func `what cannot be fetched is tried again later`(answer: RESTAnswer) async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      world.rest.answer = { $0.path.hasPrefix("/channels") ? .success(answer) : nil }
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(10))
    #expect(try await gateway.on { $0.recovered.isEmpty })
    try await gateway.on { Self.serve($0, [1: [101]]) }
    await gateway.pass(.seconds(60), step: .seconds(1))
    #expect(try await Self.recovered(gateway, 1) == [101])
    try await gateway.host.stop()
  }

  @Test func `no more than two channels are fetched at once`() async throws {
    let gateway = try await Self.running()
    try await gateway.on { world in
      Self.serve(world, [1: [101], 2: [201], 3: [301], 4: [401]])
      for channel in [3, 4] as [UInt64] { world.gateway?.saw(channel: Snowflake(channel), message: Snowflake(1)) }
      world.recording = { [weak world] in try await world?.context?.clock.sleep(for: .seconds(10)) }
      world.link.last?.push(#"{"op":9,"d":false}"#)
    }
    await gateway.pass(.seconds(5), step: .seconds(1))
    #expect(try await gateway.on { $0.rest.calls.count { $0.path.hasPrefix("/channels") } } == 2)
    await gateway.pass(.seconds(30), step: .seconds(1))
    #expect(try await gateway.on { $0.recovered.count } == 4)
    try await gateway.host.stop()
  }

  @Test func `of 500 channels the last message is remembered, and those are forgotten that were silent for longest`()
    async throws
  {
    let gateway = try await GatewayFixture()
    try await gateway.on { world in
      for channel in 1...600 as ClosedRange<UInt64> {
        let id = Snowflake(9_000_000_000_000_000_000 + channel)
        world.gateway?.saw(channel: id, message: id)
        // The first one is never silent for long; an older message of it does not count.
        world.gateway?.saw(channel: Snowflake(9_000_000_000_000_000_001), message: Snowflake(channel))
      }
    }
    await gateway.pass(.seconds(2))
    let seen = gateway.document("gateway.seen")?["seen"]?.arrayValue ?? []
    #expect(seen.count == 500)
    #expect(seen.first == [9_000_000_000_000_000_001, 9_000_000_000_000_000_001])
    #expect(seen.last == [9_000_000_000_000_000_102, 9_000_000_000_000_000_102])
    // A session that is lost must find room for all of them in one document, 32 KiB.
    try await gateway.on { $0.link.last?.push(#"{"op":9,"d":false}"#) }
    await gateway.pass(.seconds(6))
    let sizes = gateway.host.record.documents.values.map(\.bytes.count)
    #expect(sizes.allSatisfy { $0 <= 32 << 10 })
    try await gateway.crash()
    await gateway.pass(.seconds(2))
    #expect(gateway.document("gateway.seen")?["seen"]?.arrayValue == seen)
    try await gateway.host.stop()
  }
}
