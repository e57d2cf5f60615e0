internal import SQLite

/// The journal's tables, and how they came to be.
enum JournalSchema {
  /// "Prom" in ASCII.
  static let application: Int32 = 0x5072_6f6d

  static let steps: [SQL] = [
    """
    -- Every sequence is used once and the lowest go first, so the rows between are all there.
    CREATE TABLE records (
      sequence INTEGER PRIMARY KEY,
      target INTEGER,
      envelope BLOB NOT NULL
    ) STRICT;

    -- The digests of one commit in one row, under the sequence of its first record: see DedupeWindow.
    CREATE TABLE digests (
      first INTEGER PRIMARY KEY,
      digests BLOB NOT NULL
    ) STRICT;

    -- The last sequence that was trimmed away, so that an emptied journal goes on counting.
    CREATE TABLE trimmed (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      sequence INTEGER NOT NULL
    ) STRICT;
    INSERT INTO trimmed VALUES (1, 0);

    CREATE TABLE consumers (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      cursor INTEGER NOT NULL,
      settled BLOB NOT NULL
    ) STRICT;

    CREATE TABLE failures (
      consumer INTEGER NOT NULL REFERENCES consumers,
      sequence INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      reason TEXT NOT NULL,
      PRIMARY KEY (consumer, sequence)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE dead_letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      consumer INTEGER NOT NULL REFERENCES consumers,
      sequence INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      reason TEXT NOT NULL,
      died INTEGER NOT NULL,
      envelope BLOB NOT NULL,
      UNIQUE (consumer, sequence)
    ) STRICT;

    -- AUTOINCREMENT uses no number twice, so a version names one content for good, removed and written again or not.
    CREATE TABLE states (
      version INTEGER PRIMARY KEY AUTOINCREMENT,
      plugin TEXT NOT NULL,
      provider TEXT NOT NULL,
      tenant TEXT NOT NULL,
      key TEXT NOT NULL,
      document BLOB NOT NULL,
      UNIQUE (plugin, provider, tenant, key)
    ) STRICT;
    """,
    """
    -- What a consumer's members subscribed to while they ran.
    CREATE TABLE patterns (
      consumer INTEGER NOT NULL REFERENCES consumers,
      pattern TEXT NOT NULL,
      PRIMARY KEY (consumer, pattern)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- Documents also as a generation has them that is yet to prove itself; 0: as they are kept. NULL: it removed it.
    CREATE TABLE drafted_states (
      version INTEGER PRIMARY KEY AUTOINCREMENT,
      draft INTEGER NOT NULL,
      plugin TEXT NOT NULL,
      provider TEXT NOT NULL,
      tenant TEXT NOT NULL,
      key TEXT NOT NULL,
      document BLOB,
      UNIQUE (plugin, provider, tenant, key, draft)
    ) STRICT;
    INSERT INTO drafted_states SELECT version, 0, plugin, provider, tenant, key, document FROM states;
    -- Versions go on where they were, though the highest may have been removed.
    DELETE FROM sqlite_sequence WHERE name = 'drafted_states';
    INSERT INTO sqlite_sequence SELECT 'drafted_states', seq FROM sqlite_sequence WHERE name = 'states';
    DROP TABLE states;
    ALTER TABLE drafted_states RENAME TO states;
    CREATE INDEX drafts ON states (draft) WHERE draft != 0;
    """,
    """
    -- Consecutive records that lie in a file beside the database; those of no run have rows in records.
    CREATE TABLE runs (
      first INTEGER PRIMARY KEY,
      last INTEGER NOT NULL UNIQUE,
      file INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      sizes BLOB NOT NULL
    ) STRICT;
    """,
  ]
}
