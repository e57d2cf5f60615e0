import Host
import TestSupport
import Testing

@Suite struct JournalStateTests {
  let fixture: JournalFixture
  let key = StateKey(plugin: "discord", provider: "discord", tenant: "duck", key: "session")

  init() throws {
    fixture = try JournalFixture()
  }

  private func change(_ changes: StateChange...) throws -> [JournalOutcome.State] {
    var batch = JournalBatch()
    batch.states = changes
    return try fixture.journal.commit(batch).states
  }

  private func put(_ bytes: [UInt8], expected: UInt64?) throws -> UInt64? {
    guard case .stored(let version) = try change(.put(key, document: bytes, expected: expected)).first else {
      return nil
    }
    return version
  }

  @Test func `a document is read back with its version, after a restart too`() throws {
    #expect(try fixture.journal.state(key) == nil)
    let version = try #require(try put([1, 2], expected: 0))
    try fixture.reopen()
    let found = try #require(try fixture.journal.state(key))
    #expect(found.version == version)
    #expect(found.bytes == [1, 2])
  }

  @Test func `keys of another plugin, provider or tenant are apart`() throws {
    _ = try put([1], expected: nil)
    for other in [
      StateKey(plugin: "x", provider: "discord", tenant: "duck", key: "session"),
      StateKey(plugin: "discord", provider: "x", tenant: "duck", key: "session"),
      StateKey(plugin: "discord", provider: "discord", tenant: "x", key: "session"),
      StateKey(plugin: "discord", provider: "discord", tenant: "duck", key: "x"),
    ] {
      #expect(try fixture.journal.state(other) == nil)
    }
  }

  @Test func `a document that changed meanwhile is not overwritten`() throws {
    let first = try #require(try put([1], expected: 0))
    #expect(try change(.put(key, document: [9], expected: 0)) == [.conflict(version: first)])
    let second = try #require(try put([2], expected: first))
    #expect(try change(.put(key, document: [9], expected: first)) == [.conflict(version: second)])
    #expect(try put([3], expected: nil) != nil)
    #expect(try fixture.journal.state(key)?.bytes == [3])
  }

  @Test func `a removed document's version never comes back`() throws {
    let first = try #require(try put([1], expected: 0))
    #expect(try change(.remove(key), .remove(key)) == [.removed, .removed])
    #expect(try change(.put(key, document: [9], expected: first)) == [.conflict(version: 0)])
    let second = try #require(try put([1], expected: 0))
    #expect(second > first)
  }

  @Test func `of two changes in one batch the second sees the first`() throws {
    let outcomes = try change(.put(key, document: [1], expected: 0), .put(key, document: [2], expected: 0))
    #expect(outcomes == [.stored(version: 1), .conflict(version: 1)])
  }
}
