internal import PluginKit
internal import SQLite

extension DocumentStore {
  /// Documents that are erased in one step: with their vectors about 20 ms.
  private static let erasedEach = 128
  /// Rows that are looked through in one step for what they say of somebody: at 2 kB each about 10 ms.
  private static let readEach: Int64 = 1_000
  /// Pages of the search index that are written in one step: about 10 ms.
  private static let indexPagesEach: Int64 = 256
  /// Up to so many bytes a database is written anew in the end; of a larger one only unused pages are overwritten.
  ///
  /// Writing it anew takes memory and time as it has bytes: half a second at most.
  static let rewrittenMax: Int64 = 32 << 20

  /// Does one step of an erasure.
  func erase(
    _ erasure: DocumentErasure,
    _ collection: String,
    rewrittenMax: Int64 = rewrittenMax
  ) throws(SQLiteError) -> ErasureStep {
    vectors.begin()
    switch erasure.stage {
    case .documents: return try eraseDocuments(erasure, collection)
    case .mentions(let row): return try eraseMentions(erasure, collection, after: row)
    case .blobs: return try eraseBlobs()
    case .index: return try eraseFromIndex()
    case .file(let isBegun): return try eraseFromFile(isBegun: isBegun, rewrittenMax)
    }
  }

  // MARK: - Documents

  private func eraseDocuments(_ erasure: DocumentErasure, _ collection: String) throws(SQLiteError) -> ErasureStep {
    try database.transaction { () throws(SQLiteError) in
      var step = ErasureStep()
      for foreignID in erasure.foreignIDs where try !isOthers(collection, foreignID, erasure.names) {
        try erase(collection, foreignID, &step)
        // What belongs to a message, such as an attachment that an edit brought, may not say whose it is either.
        let parts = try database.prepare(
          "SELECT foreign_id FROM documents WHERE collection = ? AND thread = ? AND deleted = 0 AND author IS NULL"
        )
        .all(collection, foreignID) { (row) throws(SQLiteError) in try row.get(0, as: String.self) }
        for part in parts { try erase(collection, part, &step) }
      }
      var found: [String] = []
      for name in erasure.names {
        found += try database.prepare(
          "SELECT foreign_id FROM documents WHERE collection = ? AND deleted = 0 AND author = ? LIMIT ?"
        )
        .all(collection, name, Int64(Self.erasedEach)) { (row) throws(SQLiteError) in try row.get(0, as: String.self) }
      }
      for foreignID in found.prefix(Self.erasedEach) { try erase(collection, foreignID, &step) }
      step.next = found.count < Self.erasedEach ? .mentions(after: 0) : .documents
      try vectors.settle()
      return step
    }
  }

  /// Whether a document says that it is somebody else's.
  private func isOthers(_ collection: String, _ foreignID: String, _ names: [String]) throws(SQLiteError) -> Bool {
    let author = try database.prepare(
      "SELECT author FROM documents WHERE collection = ? AND foreign_id = ? AND deleted = 0 AND author IS NOT NULL"
    )
    .value(collection, foreignID, as: String.self)
    return author.map { !names.contains($0) } ?? false
  }

  /// Takes one document out, whether it is there or not: what remains is a digest, which refuses every copy.
  private func erase(_ collection: String, _ foreignID: String, _ step: inout ErasureStep) throws(SQLiteError) {
    try erased.add(collection, foreignID)
    _ = try blobs.release(collection, foreignID, nil, now: BlobStore.longAgo)
    let before = vectors.changes.removed.count
    let row = try database.prepare("SELECT id FROM documents WHERE collection = ? AND foreign_id = ?")
      .value(collection, foreignID, as: Int64.self)
    if let row {
      try vectors.documentChanged(collection, foreignID, row: row, to: nil)
      try database.prepare("DELETE FROM documents WHERE id = ?").run(row)
      step.documents += 1
    } else {
      // A vector may have come before its document.
      _ = try vectors.delete(foreignID, collection)
    }
    step.vectors += vectors.changes.removed.count - before
  }

  // MARK: - Mentions

  /// Goes through the next rows for what names the author without being the author's by its field.
  ///
  /// A document that has no author and names this one is this one's: an edit may not say whose it is. Of others'
  /// documents the provider's own event goes, in which messages are quoted whole. The mark of a deleted document goes
  /// where its id names the author.
  private func eraseMentions(
    _ erasure: DocumentErasure,
    _ collection: String,
    after row: Int64
  ) throws(SQLiteError) -> ErasureStep {
    try database.transaction { () throws(SQLiteError) in
      var step = ErasureStep()
      for needle in erasure.needles {
        for found in try mentions(of: needle, collection, after: row) {
          guard found.isOthers else {
            try erase(collection, found.foreignID, &step)
            continue
          }
          try database.prepare("UPDATE documents SET body = json_set(body, '$.provider_payload', NULL) WHERE id = ?")
            .run(found.row)
          step.redacted += 1
        }
      }
      let end = try database.number("SELECT coalesce(max(id), 0) FROM documents")
      step.next = row + Self.readEach < end ? .mentions(after: row + Self.readEach) : .blobs
      try vectors.settle()
      return step
    }
  }

  private func mentions(
    of needle: String,
    _ collection: String,
    after row: Int64
  ) throws(SQLiteError) -> [Mention] {
    let select = try database.prepare(
      """
      SELECT id, foreign_id, author IS NOT NULL AND NOT deleted FROM documents
      WHERE id > ?1 AND id <= ?2 AND collection = ?3 AND (
        deleted = 0 AND (
          author IS NULL AND instr(body, ?4) > 0 OR instr(json_extract(body, '$.provider_payload'), ?4) > 0
        ) OR deleted = 1 AND instr(foreign_id, ?4) > 0
      )
      """
    )
    var found: [Mention] = []
    try select.forEach(row, row + Self.readEach, collection, needle) { (row) throws(SQLiteError) in
      let isOthers = try row.get(2, as: Int64.self) != 0
      found.append(Mention(row: try row.get(0), foreignID: try row.get(1), isOthers: isOthers))
      return true
    }
    return found
  }

  // MARK: - Blobs

  /// Forgets some of the blobs that only what was erased referred to, without the time for which others stay.
  private func eraseBlobs() throws(SQLiteError) -> ErasureStep {
    let collected = try blobs.collect(before: BlobStore.longAgo)
    var step = ErasureStep()
    step.files = collected.files
    step.next = collected.entries == BlobStore.collectedAtOnce ? .blobs : .index
    return step
  }

  // MARK: - What is left in the file

  /// Has the search index merge into one piece, in which nothing is left of what was deleted.
  private func eraseFromIndex() throws(SQLiteError) -> ErasureStep {
    let before = database.totalChanges
    try database.prepare("INSERT INTO search (search, rank) VALUES ('merge', ?)").run(-Self.indexPagesEach)
    var step = ErasureStep()
    // One change is the command itself: then there was nothing to merge.
    step.next = database.totalChanges - before < 2 ? .file(isBegun: false) : .index
    return step
  }

  private func eraseFromFile(isBegun: Bool, _ rewrittenMax: Int64) throws(SQLiteError) -> ErasureStep {
    var step = ErasureStep()
    if !isBegun, try database.bytesOfFile() <= rewrittenMax {
      try database.rewrite()
    } else if try database.overwriteUnused(isFirst: !isBegun) {
      step.next = .file(isBegun: true)
    }
    if step.next == nil { try database.checkpoint() }
    return step
  }
}

/// A document that names somebody.
private struct Mention {
  let row: Int64
  let foreignID: String
  /// Whether another is its author.
  let isOthers: Bool
}
