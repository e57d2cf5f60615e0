import Locking
import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite("The past of channels", .timeLimit(.minutes(Patience.minutes)))
struct ChannelArchiveTests {
  private static let account = Account(provider: "discord", tenant: "demo")

  /// Has the API show messages of channel 20, whose ids are these, and otherwise what is given by path.
  private static func show(
    _ fixture: IntakeFixture,
    _ ids: [UInt64],
    _ others: [String: (Int, JSON)] = [:]
  ) async throws {
    try await fixture.on { world, _ in
      world.rest.answer = { call in
        let path = String(call.path.prefix { $0 != "?" })
        if let other = others[path] { return .success(RESTAnswer(status: other.0, body: other.1.bytes())) }
        guard path == "/channels/20/messages" else { return .success(RESTAnswer(status: 404)) }
        let query = Dictionary(
          uniqueKeysWithValues: call.path.drop { $0 != "?" }.dropFirst().split(separator: "&").map { pair in
            let parts = pair.split(separator: "=")
            return (String(parts[0]), UInt64(parts[1]) ?? 0)
          }
        )
        let page = ids.filter { $0 < query["before"] ?? .max }.suffix(Int(query["limit"] ?? 50)).reversed()
        let body = page.map { #"{"id":"\#($0)","channel_id":"20","author":{"id":"40"}}"# }.joined(separator: ",")
        return .success(RESTAnswer(status: 200, body: Array("[\(body)]".utf8)))
      }
    }
  }

  /// What an order of history is answered.
  private static func ask(
    _ fixture: IntakeFixture,
    _ order: JSON,
    allowed: [RESTPattern] = []
  ) async throws -> JSON {
    let answer = Answered()
    try await fixture.begin("asked") { intake in
      let rest = try #require(IntakeProbe.worlds.values.first { $0.intake === intake }).rest
      let archive = ChannelArchive(account: account, intake: intake, rest: rest, allowed: allowed)
      let proxy = HistoryProxy(provider: "discord", tenant: "demo", source: archive)
      var envelope = Envelope(topic: "promethean.p.discord.t.demo.rest.request", payload: order.bytes())
      (envelope.flags, envelope.src) = (.request, "worker")
      do {
        let response = try #require(try await proxy.answer(envelope))
        answer.json.withLock { $0 = (try? JSON.parse(response.payload)) ?? .null }
      } catch {
        answer.json.withLock { $0 = .string("\(error)") }
      }
    }
    _ = try await fixture.ended
    return answer.json.withLock { $0 }
  }

  private final class Answered: Sendable {
    let json = Locked<JSON>(.null)
  }

  private static let space = "urn:discord:channel:demo:20"

  @Test func `a page is recorded oldest first as of the past, and says where it goes on`() async throws {
    let fixture = try await IntakeFixture()
    try await Self.show(
      fixture,
      [1 << 22, 2 << 22, 3 << 22, 4 << 22],
      ["/channels/20": (200, ["id": "20", "type": 0])]
    )
    let first = try await Self.ask(fixture, ["history": ["space_urn": .string(Self.space), "limit": 3]])
    let epoch: Int64 = 1_420_070_400_000
    #expect(
      first == [
        "tenant": "demo", "status": 200, "ok": true, "retry_after_ms": 0,
        "data": [
          "messages": 3, "newest": .int(epoch + 4), "oldest": .int(epoch + 2), "next": "8388608", "end": false,
        ],
      ]
    )
    #expect(fixture.recorded == ["8388608", "12582912", "16777216"])
    #expect(fixture.host.record.published.allSatisfy { $0.origin == .backfill })
    let last = try await Self.ask(
      fixture,
      ["history": ["space_urn": .string(Self.space), "limit": 3, "before": "8388608"]]
    )
    #expect(last["data"]?["messages"] == 1 && last["data"]?["end"] == true && last["data"]?["next"] == .null)
    // Nobody is to go on behind what is of the past.
    #expect(try await fixture.on { world, _ in world.saw } == [])
    let calls = try await fixture.on { world, _ in world.rest.calls }
    #expect(calls.map(\.path).filter { $0 == "/channels/20" }.count == 1)
    #expect(
      calls.filter { $0.path.contains("messages") }.allSatisfy { $0.isPatient && $0.requester == "worker history" }
    )
    try await fixture.host.stop()
  }

  @Test func `a time ends where a cursor does not lie further back`() async throws {
    let fixture = try await IntakeFixture()
    try await Self.show(fixture, [1 << 22, 2 << 22, 3 << 22], ["/channels/20": (200, ["id": "20", "type": 0])])
    let until = JSON.int(1_420_070_400_000 + 3)
    _ = try await Self.ask(fixture, ["history": ["space_urn": .string(Self.space), "until": until]])
    let order: JSON = ["space_urn": .string(Self.space), "until": until, "before": "8388608"]
    _ = try await Self.ask(fixture, ["history": order])
    let paths = try await fixture.on { world, _ in world.rest.calls.map(\.path).filter { $0.contains("?") } }
    #expect(
      paths == ["/channels/20/messages?limit=100&before=12582912", "/channels/20/messages?limit=100&before=8388608"]
    )
    try await fixture.host.stop()
  }

  @Test func `what the lists do not allow, and what is hidden, is refused by a status`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10"]])
    try await Self.show(fixture, [1 << 22], ["/channels/20": (200, ["id": "20", "guild_id": "11", "type": 0])])
    let other = try await Self.ask(fixture, ["history": ["space_urn": .string(Self.space)]])
    #expect(other["status"] == 403 && other["error"]?.stringValue?.contains("`allow` covers") == true)
    let open = try await IntakeFixture()
    try await Self.show(open, [], ["/channels/20": (404, [:]), "/channels/20/messages": (404, ["code": 10003])])
    let gone = try await Self.ask(open, ["history": ["space_urn": .string(Self.space)]])
    #expect(gone["status"] == 404 && gone["ok"] == false && gone["data"] == .null)
    let strange = try await Self.ask(open, ["history": ["space_urn": "urn:discord:user:demo:20"]])
    #expect(strange["status"] == 400)
    let foreign = try await Self.ask(open, ["history": ["space_urn": "urn:discord:channel:other:20"]])
    #expect(foreign["status"] == 403)
    let pattern = try RESTPattern("GET /users/*", methods: Route.methods, like: "/channels/*")
    let denied = try await Self.ask(open, ["history": ["space_urn": .string(Self.space)]], allowed: [pattern])
    #expect(denied["status"] == 403 && denied["error"]?.stringValue?.contains("provider.rest.call") == true)
    for fixture in [fixture, open] { try await fixture.host.stop() }
  }

  @Test func `a page that is none, or is not recorded, is for another time`() async throws {
    let fixture = try await IntakeFixture()
    let page: (Int, JSON) = (200, "busy")
    try await Self.show(
      fixture,
      [],
      ["/channels/20": (200, ["id": "20", "type": 0]), "/channels/20/messages": page]
    )
    let answer = try await Self.ask(fixture, ["history": ["space_urn": .string(Self.space)]])
    #expect(answer == "channel 20: expected a list of messages, found something else")
    try await fixture.host.stop()
  }

  @Test(
    arguments: [
      (["history": 1], "history: expected object, found integer 1"),
      (["history": [:]], "history.space_urn: expected urn:<provider>:<kind>:<tenant>:<id>, found nothing"),
      (
        ["history": ["space_urn": .string(space), "limit": 101]], "history.limit: expected 1 to 100, found integer 101"
      ),
      (
        ["history": ["space_urn": .string(space), "before": "x"]],
        "history.before: expected a cursor that an answer has given, found \"x\""
      ),
      (["history": [:], "method": "GET"], "method: expected history alone"),
      (["history": ["more": 1]], "history.more: unknown; known are space_urn, before, until, limit"),
      (["spaces": ["after": 1]], "spaces.after: expected a cursor that an answer has given, found integer 1"),
      (["spaces": [:], "tenant": "x"], "tenant: expected demo, found string \"x\""),
    ] as [(JSON, String)]
  )
  func `an order that is none is refused, naming the key`(order: JSON, words: String) async throws {
    let fixture = try await IntakeFixture()
    try await Self.show(fixture, [], ["/channels/20": (200, ["id": "20", "type": 0])])
    #expect(try await Self.ask(fixture, order) == .string(words))
    try await fixture.host.stop()
  }

  @Test func `spaces are the channels and threads that are allowed, guild by guild, in pages`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10", "12"]])
    let many = (0..<250).map { JSON.object(["id": .string("\(2000 + $0)"), "type": 0, "name": "room"]) }
    let threads: JSON = ["threads": [["id": "30", "type": 11, "parent_id": "20", "name": "thread"]]]
    try await Self.show(
      fixture,
      [],
      [
        "/users/@me/guilds": (200, [["id": "12"], ["id": "11"], ["id": "10"]]),
        "/guilds/10/channels": (200, [["id": "20", "type": 0, "name": "general"], ["id": "21", "type": 4]]),
        "/guilds/10/threads/active": (200, threads), "/guilds/12/channels": (200, .array(many)),
        "/guilds/12/threads/active": (403, [:]),
      ]
    )
    var pages: [[JSON]] = []
    var after: JSON?
    repeat {
      let answer = try await Self.ask(fixture, ["spaces": after.map { ["after": $0] } ?? [:]])
      pages.append(answer["data"]?["spaces"]?.arrayValue ?? [])
      after = answer["data"]?["next"]?.stringValue.map { .string($0) }
    } while after != nil && pages.count < 9
    #expect(pages.map(\.count) == [2, 200, 50, 0])
    #expect(pages[0][0] == ["space_urn": "urn:discord:channel:demo:20", "name": "general"])
    #expect(pages[0][1]["name"] == "thread")
    try await fixture.host.stop()
  }
}
