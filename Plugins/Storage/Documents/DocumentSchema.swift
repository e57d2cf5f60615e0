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
    """
    -- What is in a file of its own, named by its digest: once for the tenant, whichever collections have it.
    CREATE TABLE blobs (
      id INTEGER PRIMARY KEY,
      sha256 TEXT NOT NULL UNIQUE,
      size INTEGER NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    -- The collections in which a blob was put: who may use one of them learns nothing of the others.
    CREATE TABLE blob_entries (
      collection TEXT NOT NULL,
      blob INTEGER NOT NULL,
      -- Since when nothing of the collection refers to it, in milliseconds since 1970; null: something does.
      unused_since INTEGER,
      PRIMARY KEY (collection, blob)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_blob ON blob_entries (blob);
    CREATE INDEX unused_blobs ON blob_entries (unused_since) WHERE unused_since IS NOT NULL;
    CREATE TABLE blob_references (
      collection TEXT NOT NULL,
      foreign_id TEXT NOT NULL,
      blob INTEGER NOT NULL,
      PRIMARY KEY (collection, foreign_id, blob)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX references_by_blob ON blob_references (blob, collection);
    -- What all blobs take, so that nobody adds it up for a quota.
    CREATE TABLE blob_usage (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, count INTEGER NOT NULL) STRICT;
    INSERT INTO blob_usage VALUES (1, 0, 0);
    CREATE TRIGGER blob_added AFTER INSERT ON blobs BEGIN
      UPDATE blob_usage SET bytes = bytes + new.size, count = count + 1;
    END;
    CREATE TRIGGER blob_removed AFTER DELETE ON blobs BEGIN
      UPDATE blob_usage SET bytes = bytes - old.size, count = count - 1;
    END;
    """,
    """
    -- What was erased, by the digest of its foreign id, so that no copy of it comes back. Nothing else is left of it.
    CREATE TABLE erased (
      collection TEXT NOT NULL,
      digest BLOB NOT NULL,
      PRIMARY KEY (collection, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER search_delete AFTER DELETE ON documents BEGIN
      INSERT INTO search (search, rowid, text) VALUES ('delete', old.id, old.text);
    END;
    """,
    """
    -- What a document's vectors are made of: a SHA-256 in hexadecimal; empty: nothing, it has none; null: its text.
    ALTER TABLE documents ADD COLUMN content TEXT;
    -- Attachments that were stored before say it now: pictures are what their blobs are, all else is nothing.
    UPDATE documents SET content = CASE
      WHEN json_valid(body) AND json_extract(body, '$.state') = 'stored'
        AND json_extract(body, '$.type') IN ('image/png', 'image/jpeg', 'image/webp')
      THEN coalesce(json_extract(body, '$.sha256'), '') ELSE '' END
    WHERE collection = 'attachments' AND deleted = 0;
    -- A vector of no bytes says that a model makes none of that content; there are few. Asked for by its length, which is
    -- in the row's head: no vector has to be read for it.
    CREATE INDEX vectors_never ON vectors (model) WHERE length(vector) = 0;
    """,
  ]
}
