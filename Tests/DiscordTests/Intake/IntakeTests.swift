import PluginABI
import PluginKit
import ProviderKit
import TestSupport
import Testing

@testable import Discord

@Suite("Intake", .timeLimit(.minutes(Patience.minutes)))
struct IntakeTests {
  @Test func `an event is covered, and its message told of, when all that came of it is recorded`() async throws {
    let fixture = try await IntakeFixture(["raw": ["*"]])
    fixture.answer(PROMETHEAN_PENDING)
    try await fixture.take(1...2)
    let publishing = fixture.host.record.publishing
    #expect(publishing.count == 4)
    #expect(try await fixture.taken == [1, 2])
    #expect(try await fixture.covered == nil)
    // The second event as a whole, then the first: the message, and last the event as it came.
    for index in [2, 3, 0] { fixture.host.end(publishing[index], PROMETHEAN_OK) }
    #expect(try await fixture.covered == nil)
    #expect(try await fixture.on { world, _ in world.saw } == ["20 2", "20 1"])
    fixture.host.end(publishing[1], PROMETHEAN_OK)
    #expect(try await fixture.covered == 2)
    try await fixture.host.stop()
  }

  @Test func `what is under way at once is bounded, and the next waits until half of it is over`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_PENDING)
    let most = Recorder.underWayMax.envelopes
    try await fixture.take(1...Int64(most + 5))
    let publishing = fixture.host.record.publishing
    #expect(publishing.count == most)
    #expect(try await fixture.taken.count == most)
    for publication in publishing[..<(most / 2)] { fixture.host.end(publication, PROMETHEAN_OK) }
    await fixture.host.settle()
    #expect(try await fixture.taken.count == most)
    fixture.host.end(publishing[most / 2], PROMETHEAN_OK)
    await fixture.host.settle()
    #expect(try await fixture.taken.count == most + 5)
    try await fixture.host.stop()
  }

  @Test func `a channel is told of with its last message, and with its own id where there is none`() async throws {
    let fixture = try await IntakeFixture()
    let channels = #"{"id":"20","last_message_id":"5"},{"id":"21","last_message_id":null},{"id":"22"},{"id":7}"#
    let threads = #"{"id":"30","last_message_id":"6"}"#
    let guild = #"{"id":"10","channels":[\#(channels)],"threads":[\#(threads)]}"#
    try await fixture.take([.test("GUILD_CREATE", guild, sequence: 2)])
    #expect(try await fixture.on { world, _ in world.found } == ["20 5", "21 21", "30 6"])
    try await fixture.host.stop()
  }

  @Test func `a topic that is not granted is told of once, and covers`() async throws {
    let fixture = try await IntakeFixture(["raw": ["*"]])
    fixture.answer { $0.intent == "MESSAGE_CREATE" ? PROMETHEAN_DENIED : PROMETHEAN_OK }
    try await fixture.take(1...2)
    try await fixture.take(3...4)
    #expect(fixture.recorded == ["1", "2", "3", "4"])
    // Two were on their way before the first was refused; nothing is tried there any more.
    #expect(fixture.triesSince().count == 6)
    #expect(fixture.logged() == ["not published any more: no grant of `publish` covers it"])
    #expect(fixture.host.record.logged.last?.fields.contains(".events.MESSAGE_CREATE") == true)
    #expect(try await fixture.covered == 4)
    try await fixture.host.stop()
  }

  @Test func `an event of which much comes is covered when the first of it is refused at once`() async throws {
    let fixture = try await IntakeFixture(missing: [PROMETHEAN_PUBLISH_V1])
    let deleted = #"{"ids":["1","2","3"],"channel_id":"20","guild_id":"10"}"#
    try await fixture.take([.test("MESSAGE_DELETE_BULK", deleted, sequence: 7)])
    #expect(try await fixture.covered == 7)
    try await fixture.host.stop()
  }

  @Test func `what the host takes for malformed is told of, counted and covered`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_INVALID)
    try await fixture.take(1...3)
    #expect(fixture.triesSince() == ["1", "2", "3"])
    #expect(fixture.host.record.measured.filter { $0.name == "events_refused_total" }.count == 3)
    #expect(fixture.logged(PROMETHEAN_LOG_ERROR).count == 3)
    #expect(try await fixture.covered == 3)
    #expect(try await fixture.on { world, _ in world.saw } == [])
    try await fixture.host.stop()
  }

  @Test func `what is cancelled stays uncovered, and is not tried again`() async throws {
    let fixture = try await IntakeFixture()
    try await fixture.take(1...1)
    fixture.answer(PROMETHEAN_CANCELLED)
    try await fixture.take(2...2)
    try await fixture.recover([5])
    fixture.answer(PROMETHEAN_OK)
    try await fixture.take(3...3)
    try await fixture.begin("flushed") { await $0.flush() }
    #expect(
      try await fixture.ended
        == ["recovered: the instance stopped before 1 of them were recorded", "flushed"]
    )
    #expect(try await fixture.covered == 1)
    await fixture.host.pass(.seconds(20), step: .seconds(1))
    #expect(fixture.triesSince() == ["1", "2", "5", "3"])
    #expect(try await fixture.covered == 1)
    try await fixture.host.stop()
  }

  @Test func `a session that begins is covered by nothing of the one before`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_PENDING)
    try await fixture.take(1...2)
    try await fixture.on { $1.begin(shard: 0, session: "s2") }
    #expect(try await fixture.on { $1.covered(shard: 0, session: "s1") } == nil)
    for publication in fixture.host.record.publishing { fixture.host.end(publication, PROMETHEAN_OK) }
    #expect(try await fixture.on { $1.covered(shard: 0, session: "s2") } == nil)
    fixture.answer(PROMETHEAN_OK)
    try await fixture.take(1...1)
    #expect(try await fixture.on { $1.covered(shard: 0, session: "s2") } == 1)
    // One that goes on goes on counting.
    try await fixture.on { $1.begin(shard: 0, session: "s2") }
    #expect(try await fixture.on { $1.covered(shard: 0, session: "s2") } == 1)
    try await fixture.host.stop()
  }
}
