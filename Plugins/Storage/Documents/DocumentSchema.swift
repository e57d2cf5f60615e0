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
    """
    CREATE TABLE models (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      collection TEXT NOT NULL,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      checksum TEXT NOT NULL,
      dimension INTEGER NOT NULL,
      -- 0: it gathers vectors beside the current one; 1: it is the current one; 2: its vectors are being dropped.
      state INTEGER NOT NULL,
      -- Documents up to this row have been looked at for the table of those without a vector, and have to be.
      seen INTEGER NOT NULL,
      seen_end INTEGER NOT NULL,
      -- Tells the file of its index from that of another database's.
      owner BLOB NOT NULL,
      UNIQUE (collection, name, version, checksum, dimension)
    ) STRICT;
    CREATE UNIQUE INDEX current_model ON models (collection) WHERE state = 1;
    -- A vector is never changed: another one has another id, so that ids tell which are new.
    CREATE TABLE vectors (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      model INTEGER NOT NULL,
      foreign_id TEXT NOT NULL,
      content BLOB NOT NULL,
      vector BLOB NOT NULL,
      UNIQUE (model, foreign_id)
    ) STRICT;
    CREATE INDEX vectors_by_id ON vectors (model, id);
    -- The documents with text that have no vector of a model: what is missing is looked up, and not looked for.
    CREATE TABLE unembedded (
      model INTEGER NOT NULL,
      document INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (model, document)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX unembedded_by_time ON unembedded (model, created_at, document);
    """,
  ]
}
