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

  // MARK: - Drafts

  private var draft: StateKey {
    var draft = key
    draft.draft = 7
    return draft
  }

  private func bytes(_ key: StateKey) throws -> [UInt8]? { try fixture.journal.state(key)?.bytes }

  @Test func `a draft is seen by its generation alone, and is kept under the version that it had`() throws {
    let version = try #require(try put([1], expected: 0))
    guard case .stored(let drafted) = try change(.put(draft, document: [2], expected: version)).first else {
      Issue.record("the draft is not over what is kept")
      return
    }
    #expect(try bytes(key) == [1] && bytes(draft) == [2])
    #expect(try change(.put(draft, document: [3], expected: version)) == [.conflict(version: drafted)])
    #expect(try change(.keepDrafts(generation: 7)) == [.settled])
    let kept = try #require(try fixture.journal.state(key))
    #expect(kept.bytes == [2] && kept.version == drafted)
  }

  @Test func `drafts that are dropped leave what is kept as it was, version and all`() throws {
    _ = try put([1], expected: 0)
    let before = try fixture.journal.state(key)
    _ = try change(.put(draft, document: [2], expected: nil), .remove(draft))
    #expect(try bytes(draft) == nil && fixture.journal.state(key) == before)
    #expect(try change(.dropDrafts) == [.settled])
    #expect(try fixture.journal.state(draft) == before && fixture.journal.state(key) == before)
  }

  @Test func `a removal is a draft too`() throws {
    _ = try put([1], expected: 0)
    _ = try change(.remove(draft))
    #expect(try change(.put(draft, document: [2], expected: 5)) == [.conflict(version: 0)])
    #expect(try bytes(key) == [1])
    _ = try change(.keepDrafts(generation: 7))
    #expect(try bytes(key) == nil)
    #expect(try put([3], expected: 0) != nil)
  }

  @Test func `of a draft and what was written since, the later is kept`() throws {
    _ = try change(.put(draft, document: [2], expected: nil))
    _ = try put([3], expected: nil)
    _ = try change(.keepDrafts(generation: 7))
    #expect(try bytes(key) == [3] && bytes(draft) == [3])
  }

  @Test(arguments: [(6, [1]), (7, [2])] as [(Int64, [UInt8])])
  func `what a host has left behind is kept if its generation runs`(
    current: Int64,
    expected: [UInt8]
  ) throws {
    _ = try put([1], expected: nil)
    _ = try change(.put(draft, document: [2], expected: nil))
    try fixture.reopen()
    try fixture.journal.settleDrafts(current: current)
    #expect(try bytes(key) == expected && bytes(draft) == expected)
  }
}
