internal import SQLite

/// The tables of a tenant's database, and how they came to be.
enum DocumentSchema {
  /// "Docs" in ASCII.
  static let application: Int32 = 0x446f_6373

  static let steps: [SQL] = [
    """
    CREATE TABLE documents (
      id INTEGER PRIMARY KEY,
      collection TEXT NOT NULL,
      foreign_id TEXT NOT NULL,
      revision INTEGER NOT NULL,
      -- 1: only the mark of a document that was deleted; nothing of its content is left.
      deleted INTEGER NOT NULL,
      space TEXT,
      author TEXT,
      thread TEXT,
      created_at INTEGER NOT NULL,
      text TEXT,
      body TEXT NOT NULL,
      UNIQUE (collection, foreign_id)
    ) STRICT;
    CREATE INDEX by_time ON documents (collection, created_at) WHERE deleted = 0;
    CREATE INDEX by_space ON documents (collection, space, created_at) WHERE deleted = 0;
    CREATE INDEX by_author ON documents (collection, author, created_at) WHERE deleted = 0;
    CREATE INDEX by_thread ON documents (collection, thread, created_at) WHERE deleted = 0;
    """,
    """
    CREATE VIRTUAL TABLE search USING fts5 (
      text, content = 'documents', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER search_insert AFTER INSERT ON documents BEGIN
      INSERT INTO search (rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER search_update AFTER UPDATE OF text ON documents WHEN old.text IS NOT new.text BEGIN
      INSERT INTO search (search, rowid, text) VALUES ('delete', old.id, old.text);
      INSERT INTO search (rowid, text) VALUES (new.id, new.text);
    END;
    INSERT INTO search (search) VALUES ('rebuild');
    """,
  ]
}
