import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

/// Messages of the history do not tell their guild, and no event may have told of their channel yet.
@Suite("Missed messages and the lists", .timeLimit(.minutes(Patience.minutes)))
struct MissedMessagesTests {
  /// Has the API show channels: each by its id, with what it is; nil: by a failure.
  private func show(_ fixture: IntakeFixture, _ channels: [Int: JSON], failing status: Int = 404) async throws {
    try await fixture.on { world, _ in
      world.rest.answer = { call in
        let id = call.path.split(separator: "/").last.flatMap { Int($0) } ?? 0
        guard let channel = channels[id] else { return .success(RESTAnswer(status: status)) }
        return .success(RESTAnswer(status: 200, body: channel.bytes()))
      }
    }
  }

  private func calls(_ fixture: IntakeFixture) async throws -> [String] {
    try await fixture.on { world, _ in world.rest.calls.map { "\($0.method) \($0.path)" } }
  }

  @Test func `those of an allowed guild come, the channel being asked for once`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10"]])
    try await show(fixture, [20: ["id": "20", "guild_id": "10", "type": 0]])
    try await fixture.recover([1, 2])
    try await fixture.recover([3], as: "more")
    #expect(fixture.recorded == ["1", "2", "3"])
    #expect(try await calls(fixture) == ["GET /channels/20"])
    #expect(try await fixture.ended == ["recovered", "more"])
    try await fixture.host.stop()
  }

  @Test func `those of a guild that is not allowed do not, although their channel is named`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10"], "channels": ["20", "23"]])
    let (ours, theirs): (JSON, JSON) = (["id": "20", "guild_id": "10"], ["id": "23", "guild_id": "11"])
    try await show(fixture, [20: ours, 23: theirs])
    try await fixture.recover([1], channel: 23, as: "theirs")
    try await fixture.recover([2], channel: 20, as: "ours")
    #expect(fixture.recorded == ["2"])
    #expect(try await fixture.ended == ["theirs", "ours"])
    #expect(fixture.host.record.measured.filter { $0.name == "events_not_allowed_total" }.count == 1)
    try await fixture.host.stop()
  }

  @Test func `nobody is asked where an event has told, or no list wants to know`() async throws {
    let told = try await IntakeFixture(["guilds": ["10"]])
    let guild = #"{"id":"10","channels":[{"id":"20","type":0}]}"#
    try await told.take([.test("GUILD_CREATE", guild, sequence: 2)])
    let open = try await IntakeFixture()
    for fixture in [told, open] {
      try await fixture.recover([1])
      #expect(fixture.recorded == ["1"])
      #expect(try await calls(fixture) == [])
      try await fixture.host.stop()
    }
  }

  @Test func `while nobody tells they are left for later, and nothing is taken for hidden`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10"]])
    try await show(fixture, [:], failing: 503)
    try await fixture.recover([1])
    #expect(try await fixture.ended == ["recovered: GET /channels/20: expected 200, found 503"])
    try await show(fixture, [20: ["id": 20]])
    try await fixture.recover([1])
    #expect(try await fixture.ended.last == "recovered: channel 20: expected an object of a channel, found another")
    try await show(fixture, [20: ["id": "20", "guild_id": "10", "type": 0]])
    try await fixture.recover([1])
    #expect(fixture.recorded == ["1"])
    #expect(try await fixture.ended.last == "recovered")
    try await fixture.host.stop()
  }

  @Test func `those of a channel that nobody sees any more do not come, and are done with`() async throws {
    let fixture = try await IntakeFixture(["guilds": ["10"]])
    try await show(fixture, [:])
    try await fixture.recover([1])
    #expect(fixture.recorded == [])
    #expect(try await fixture.ended == ["recovered"])
    try await fixture.host.stop()
  }
}
