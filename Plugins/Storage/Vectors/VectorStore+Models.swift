internal import SQLite
internal import VectorIndex

extension VectorStore {
  /// Documents that are looked at in one step for those without a vector: about 10 ms.
  private static let seenEach: Int64 = 2_000
  /// Vectors that are dropped in one step: about 5 ms beside the disk's.
  private static let droppedEach: Int64 = 256
  /// Rows of the table of documents without a vector that are dropped in one step.
  private static let gapsDroppedEach: Int64 = 4_096

  /// How many models of a collection gather vectors at once: one is what there is to be, and some that were given up.
  private static let gatheringMax = 4

  /// Adds a model to a collection; the first one is current at once.
  ///
  /// Where many gather vectors already, the one that has done so the longest has not made it, and is dropped.
  func add(_ model: VectorModel, to collection: String) throws(SQLiteError) -> StoredModel {
    let others = try models(of: collection).filter { $0.state != .dropped }
    let state: StoredModel.State = others.contains { $0.state == .current } ? .gathering : .current
    let gathering = others.filter { $0.state == .gathering }
    if gathering.count >= Self.gatheringMax {
      try database.prepare("UPDATE models SET state = 2 WHERE id = ?").run(gathering[0].id)
      noteChores()
    }
    try database.prepare(
      """
      INSERT INTO models (collection, name, version, checksum, dimension, state, seen, seen_end, owner)
      VALUES (?, ?, ?, ?, ?, ?, 0, (SELECT coalesce(max(id), 0) FROM documents), randomblob(16))
      """
    ).run(collection, model.name, model.version, model.checksum, Int64(model.dimension), state.rawValue)
    let row = database.lastInsertedRow
    let added = try database.prepare("SELECT " + StoredModel.columns + " FROM models WHERE id = ?").first(row) {
      (row) throws(SQLiteError) in try StoredModel(row)
    }
    guard let added else { throw SQLiteError(damaged: "model \(row) is gone", path: database.path) }
    // A collection of few documents is gone through here.
    return try see(added)
  }

  /// Makes a model current if no document lacks a vector of it.
  func succeed(_ model: StoredModel) throws(SQLiteError) {
    guard model.isSeen, try !has("SELECT 1 FROM unembedded WHERE model = ? LIMIT 1", model.id),
      try has("SELECT 1 FROM vectors WHERE model = ? LIMIT 1", model.id)
    else { return }
    try database.prepare("UPDATE models SET state = 2 WHERE collection = ? AND state = 1").run(model.collection)
    try database.prepare("UPDATE models SET state = 1 WHERE id = ?").run(model.id)
    noteChores()
  }

  /// How many vectors a model has, and how many documents lack one that are to have one.
  func counts(of model: StoredModel) throws(SQLiteError) -> (vectors: Int64, missing: Int64) {
    let vectors = try database.prepare("SELECT count(*) FROM vectors WHERE model = ?").value(model.id, as: Int64.self)
    let never = try database.prepare("SELECT count(*) FROM vectors WHERE model = ? AND length(vector) = 0")
      .value(model.id, as: Int64.self)
    let missing = try database.prepare("SELECT count(*) FROM unembedded WHERE model = ?")
      .value(model.id, as: Int64.self)
    return ((vectors ?? 0) - (never ?? 0), missing ?? 0)
  }

  // MARK: - Chores

  /// Models with something to be done in steps.
  func chores() throws(SQLiteError) -> [StoredModel] {
    try database.prepare(
      "SELECT " + StoredModel.columns + " FROM models WHERE state = 2 OR seen < seen_end ORDER BY id"
    )
    .all { (row) throws(SQLiteError) in try StoredModel(row) }
  }

  /// Does one step of what a model needs, in a transaction of its own; wherever the process ends, the next one goes on.
  ///
  /// - Returns: Whether the model is gone with it.
  func doChore(_ model: StoredModel) throws(SQLiteError) -> Bool {
    begin()
    return try database.transaction { () throws(SQLiteError) in
      if model.state == .dropped { return try drop(model) }
      let seen = try see(model)
      if seen.state == .gathering { try succeed(seen) }
      return false
    }
  }

  /// Looks at the next documents that were there before a model, for those that lack a vector of it.
  private func see(_ model: StoredModel) throws(SQLiteError) -> StoredModel {
    var model = model
    let end = min(model.seen + Self.seenEach, model.seenEnd)
    try database.prepare(
      """
      INSERT OR IGNORE INTO unembedded (model, document, created_at)
      SELECT ?, id, created_at FROM documents
      WHERE id > ? AND id <= ? AND collection = ? AND deleted = 0 AND coalesce(content, text) <> ''
        AND NOT EXISTS (SELECT 1 FROM vectors WHERE model = ? AND foreign_id = documents.foreign_id)
      """
    ).run(model.id, model.seen, end, model.collection, model.id)
    try database.prepare("UPDATE models SET seen = ? WHERE id = ?").run(end, model.id)
    model.seen = end
    if !model.isSeen { noteChores() }
    return model
  }

  private func drop(_ model: StoredModel) throws(SQLiteError) -> Bool {
    try database.prepare(
      "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors WHERE model = ? ORDER BY id LIMIT ?)"
    ).run(model.id, Self.droppedEach)
    guard database.changes == 0 else { return false }
    try database.prepare(
      """
      DELETE FROM unembedded WHERE model = ? AND document IN
        (SELECT document FROM unembedded WHERE model = ? ORDER BY document LIMIT ?)
      """
    ).run(model.id, model.id, Self.gapsDroppedEach)
    guard database.changes == 0 else { return false }
    try database.prepare("DELETE FROM models WHERE id = ?").run(model.id)
    return true
  }

  private func has(_ sql: SQL, _ model: Int64) throws(SQLiteError) -> Bool {
    try database.prepare(sql).value(model, as: Int64.self) != nil
  }
}
