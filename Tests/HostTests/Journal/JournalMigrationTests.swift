import SQLite
import TestSupport
import Testing

@testable import Host

/// Journals that an earlier host has written.
@Suite struct JournalMigrationTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [true, false])
  func `documents of before there were drafts are kept, and no version is used again`(isEmpty: Bool) throws {
    let path = directory.file("journal.sqlite")
    do {
      let old = try Database(path: path)
      try old.migrate(application: JournalSchema.application, steps: Array(JournalSchema.steps.prefix(2)))
      // The last version is gone.
      try old.execute(
        """
        INSERT INTO states VALUES (5, 'p', 'echo', 'demo', 'k', x'01'), (9, 'p', 'echo', 'demo', 'other', x'02');
        DELETE FROM states WHERE version = 9;
        """
      )
      if isEmpty { try old.execute("DELETE FROM states") }
    }
    let journal = try Journal(path: path, options: .quick)
    let key = StateKey(plugin: "p", provider: "echo", tenant: "demo", key: "k")
    #expect(try journal.state(key) == (isEmpty ? nil : StateDocument(version: 5, bytes: [1])))
    var batch = JournalBatch()
    batch.states = [.put(key, document: [3], expected: isEmpty ? 0 : 5)]
    #expect(try journal.commit(batch).states == [.stored(version: 10)])
  }
}
