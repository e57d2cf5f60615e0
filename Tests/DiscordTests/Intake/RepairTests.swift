import PluginABI
import PluginKit
import TestSupport
import Testing

@testable import Discord

@Suite("What cannot be recorded", .timeLimit(.minutes(Patience.minutes)))
struct RepairTests {
  @Test(arguments: [PROMETHEAN_FAILED, PROMETHEAN_UNAVAILABLE, PROMETHEAN_TIMEOUT])
  func `it is published again in its order until it is, and nothing behind it begins meanwhile`(
    status: promethean_status
  ) async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(status)
    try await fixture.take(1...3)
    try await fixture.take(4...5)
    #expect(fixture.triesSince() == ["1", "2", "3"])
    #expect(try await fixture.taken == [1, 2, 3])
    #expect(try await fixture.covered == nil)
    await fixture.host.pass(.milliseconds(249), step: .milliseconds(249))
    #expect(fixture.triesSince() == [])
    await fixture.host.pass(.milliseconds(1))
    #expect(fixture.triesSince() == ["1", "2", "3"])
    #expect(try await fixture.covered == nil)
    fixture.answer(PROMETHEAN_OK)
    await fixture.host.pass(.milliseconds(499), step: .milliseconds(499))
    #expect(fixture.triesSince() == [])
    // What waits behind it goes on as soon as it is recorded.
    await fixture.host.pass(.milliseconds(1))
    #expect(fixture.triesSince() == ["1", "2", "3", "4", "5"])
    #expect(fixture.recorded == ["1", "2", "3", "4", "5"])
    #expect(try await fixture.taken == [1, 2, 3, 4, 5])
    #expect(try await fixture.covered == 5)
    #expect(fixture.logged().count == 1)
    try await fixture.host.stop()
  }

  @Test func `the pause between two tries grows to ten seconds`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_FAILED)
    try await fixture.take(1...1)
    #expect(fixture.triesSince() == ["1"])
    for milliseconds in [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000] {
      let short = Duration.milliseconds(milliseconds - 1)
      await fixture.host.pass(short, step: short)
      #expect(fixture.triesSince() == [], "before \(milliseconds) ms")
      await fixture.host.pass(.milliseconds(1))
      #expect(fixture.triesSince() == ["1"], "after \(milliseconds) ms")
    }
    // The next time it begins anew.
    fixture.answer(PROMETHEAN_OK)
    await fixture.host.pass(.seconds(10), step: .seconds(10))
    fixture.answer(PROMETHEAN_FAILED)
    try await fixture.take(2...2)
    #expect(fixture.triesSince() == ["1", "2"])
    await fixture.host.pass(.milliseconds(250))
    #expect(fixture.triesSince() == ["2"])
    try await fixture.host.stop()
  }

  @Test func `it waits for what is under way, and is published in the order of its first time`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_PENDING)
    try await fixture.take(1...4)
    let publishing = fixture.host.record.publishing
    _ = fixture.triesSince()
    fixture.host.end(publishing[3], PROMETHEAN_FAILED)
    fixture.host.end(publishing[1], PROMETHEAN_UNAVAILABLE)
    await fixture.host.pass(.seconds(5))
    try await fixture.take(5...5)
    #expect(fixture.triesSince() == [])
    fixture.answer(PROMETHEAN_OK)
    fixture.host.end(publishing[0], PROMETHEAN_OK)
    #expect(try await fixture.covered == 1)
    fixture.host.end(publishing[2], PROMETHEAN_OK)
    await fixture.host.settle()
    #expect(fixture.triesSince() == ["2", "4", "5"])
    #expect(try await fixture.covered == 5)
    try await fixture.host.stop()
  }

  @Test func `what was missed waits behind it too`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_FAILED)
    try await fixture.take(9...9)
    try await fixture.recover([1, 2])
    try await fixture.take(10...10)
    #expect(fixture.triesSince() == ["9"])
    fixture.answer(PROMETHEAN_OK)
    await fixture.host.pass(.milliseconds(250))
    #expect(Array(fixture.recorded.prefix(1)) == ["9"] && Set(fixture.recorded) == ["9", "1", "2", "10"])
    #expect(try await fixture.ended == ["recovered"])
    try await fixture.host.stop()
  }

  @Test func `whoever waits for all to be recorded waits until it is`() async throws {
    let fixture = try await IntakeFixture()
    try await fixture.begin("nothing to wait for") { await $0.flush() }
    #expect(try await fixture.ended == ["nothing to wait for"])
    fixture.answer(PROMETHEAN_FAILED)
    try await fixture.recover([1, 2])
    try await fixture.begin("flushed") { await $0.flush() }
    await fixture.host.pass(.milliseconds(250))
    #expect(fixture.triesSince() == ["1", "2", "1", "2"])
    fixture.answer(PROMETHEAN_PENDING)
    await fixture.host.pass(.milliseconds(500))
    let publishing = fixture.host.record.publishing
    #expect(publishing.count == 2)
    fixture.host.end(publishing[0], PROMETHEAN_OK)
    #expect(try await fixture.ended == ["nothing to wait for"])
    fixture.host.end(publishing[1], PROMETHEAN_OK)
    #expect(Set(try await fixture.ended.dropFirst()) == ["recovered", "flushed"])
    try await fixture.host.stop()
  }

  @Test func `what ends waits for nothing but what is under way, and publishes nothing again`() async throws {
    let fixture = try await IntakeFixture()
    try await fixture.take(1...1)
    fixture.answer(PROMETHEAN_FAILED)
    try await fixture.take(2...2)
    try await fixture.recover([5])
    try await fixture.take(3...3)
    try await fixture.begin("flushed") { await $0.flush() }
    #expect(try await fixture.ended == [])
    #expect(try await fixture.taken == [1, 2])
    // The journal is well again, but what failed is not to come behind what waits.
    fixture.answer(PROMETHEAN_OK)
    try await fixture.on { $1.close() }
    #expect(
      Set(try await fixture.ended) == ["flushed", "recovered: the instance stopped before 1 of them were recorded"]
    )
    #expect(try await fixture.taken == [1, 2, 3])
    await fixture.host.pass(.seconds(20), step: .seconds(1))
    #expect(fixture.triesSince() == ["1", "2"])
    #expect(try await fixture.covered == 1)
    try await fixture.host.stop()
  }

  @Test func `what is under way when all ends is waited for, and covers`() async throws {
    let fixture = try await IntakeFixture()
    fixture.answer(PROMETHEAN_PENDING)
    try await fixture.take(1...1)
    try await fixture.recover([5])
    try await fixture.on { $1.close() }
    try await fixture.begin("flushed") { await $0.flush() }
    #expect(try await fixture.ended == [])
    for publication in fixture.host.record.publishing { fixture.host.end(publication, PROMETHEAN_OK) }
    #expect(Set(try await fixture.ended) == ["recovered", "flushed"])
    #expect(try await fixture.covered == 1)
    try await fixture.host.stop()
  }
}
