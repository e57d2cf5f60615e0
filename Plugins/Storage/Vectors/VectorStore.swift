internal import PluginKit
internal import SQLite
internal import VectorIndex

/// The vectors of one tenant's documents, in the documents' database and their transactions.
///
/// What holds at the end of each transaction: a stored vector is of what its document's are made of, its text unless it
/// says otherwise, or its document has not come yet; and each document that is to have a vector and has none of a model is in the table `unembedded` of that model,
/// once that has been gone through for the documents that were there before the model.
final class VectorStore {
  /// What a transaction has changed that others keep in memory.
  struct Changes {
    /// Vectors that are gone, by the row of their model.
    var removed: [(model: Int64, id: Int64)] = []
    /// Whether there is work to be done in steps.
    var hasChores = false
  }

  let database: Database
  private(set) var changes = Changes()
  /// Collections of the transaction in which a model may have become complete.
  private var touched: Set<String> = []
  private let findModels: Statement
  private let findDocument: Statement
  private let findVector: Statement
  let fetchVector: Statement
  private let insertVector: Statement
  private let deleteVector: Statement
  private let insertGap: Statement
  private let deleteGap: Statement

  init(_ database: Database) throws(SQLiteError) {
    self.database = database
    findModels = try database.prepare("SELECT " + StoredModel.columns + " FROM models WHERE collection = ? ORDER BY id")
    findDocument = try database.prepare(
      "SELECT id, deleted, created_at, text, content FROM documents WHERE collection = ? AND foreign_id = ?"
    )
    findVector = try database.prepare("SELECT id, content, vector FROM vectors WHERE model = ? AND foreign_id = ?")
    fetchVector = try database.prepare("SELECT vector FROM vectors WHERE id = ?")
    insertVector = try database.prepare("INSERT INTO vectors (model, foreign_id, content, vector) VALUES (?, ?, ?, ?)")
    deleteVector = try database.prepare("DELETE FROM vectors WHERE id = ?")
    insertGap = try database.prepare(
      """
      INSERT INTO unembedded (model, document, created_at) VALUES (?, ?, ?)
      ON CONFLICT (model, document) DO UPDATE SET created_at = excluded.created_at
      """
    )
    deleteGap = try database.prepare("DELETE FROM unembedded WHERE model = ? AND document = ?")
  }

  // MARK: - Transactions

  /// Forgets what the last transaction has changed.
  func begin() {
    changes = Changes()
    touched = []
  }

  /// Ends a transaction: models that have become complete take the place of those before them.
  func settle() throws(SQLiteError) {
    for collection in touched {
      for model in try models(of: collection) where model.state == .gathering { try succeed(model) }
    }
  }

  // MARK: - Writing

  /// Writes a vector, in a transaction of the caller's.
  func put(_ put: VectorPut, _ collection: String) throws(SQLiteError) -> DocumentChange.Outcome {
    let models = try models(of: collection)
    let known = models.first { $0.model == put.model }
    if let current = models.first(where: { $0.state == .current }), known?.state == .dropped {
      return .superseded(current.model)
    }
    let document = try document(collection, put.foreignID)
    if let document, !document.accepts(put.content) { return .stale }
    let model = if let known { known } else { try add(put.model, to: collection) }
    let stored = try vector(of: model, put.foreignID)
    if let stored, stored.content == put.content, stored.vector == put.vector { return .unchanged }
    if let stored { try remove(stored.id, of: model) }
    try insertVector.run(model.id, put.foreignID, put.content.bytes, put.vector?.bytes ?? [])
    if let document { try deleteGap.run(model.id, document.row) }
    touched.insert(collection)
    return .written
  }

  /// Deletes the vectors of one document, of all models, in a transaction of the caller's.
  func delete(_ foreignID: String, _ collection: String) throws(SQLiteError) -> DocumentChange.Outcome {
    let document = try document(collection, foreignID)
    var isThere = false
    for model in try models(of: collection) {
      guard let stored = try vector(of: model, foreignID) else { continue }
      isThere = true
      try remove(stored.id, of: model)
      if let document, document.wantsVector { try addGap(of: model, document.row, document.createdAt) }
    }
    return isThere ? .written : .unchanged
  }

  /// Notes that a document has changed, or was deleted, in the transaction that does it.
  func documentChanged(
    _ collection: String,
    _ foreignID: String,
    row: Int64,
    to document: Document?
  ) throws(SQLiteError) {
    let models = try models(of: collection)
    // Most collections have none, and then there is nothing to be digested.
    guard !models.isEmpty else { return }
    touched.insert(collection)
    let source = document.map { VectorSource($0.content, text: $0.text) }
    for model in models {
      var stored = try vector(of: model, foreignID)
      // Without a text the vector may be of one that is still to come.
      if let found = stored, source?.accepts(found.content) != true {
        try remove(found.id, of: model)
        stored = nil
      }
      if stored == nil, let document, source?.wantsVector == true {
        try addGap(of: model, row, document.createdAt)
      } else {
        try deleteGap.run(model.id, row)
      }
    }
  }

  /// Takes a vector out of the database, and notes it for those that have it in memory.
  func remove(_ id: Int64, of model: StoredModel) throws(SQLiteError) {
    try deleteVector.run(id)
    changes.removed.append((model.id, id))
  }

  /// Notes that there is something to be done in steps.
  func noteChores() {
    changes.hasChores = true
  }

  private func addGap(of model: StoredModel, _ document: Int64, _ createdAt: Int64) throws(SQLiteError) {
    // Nobody asks any more what a model lacks that is being dropped.
    if model.state != .dropped { try insertGap.run(model.id, document, createdAt) }
  }

  // MARK: - Reading

  /// The models of a collection, the oldest first.
  func models(of collection: String) throws(SQLiteError) -> [StoredModel] {
    try findModels.all(collection) { (row) throws(SQLiteError) in try StoredModel(row) }
  }

  /// What is stored of a document by a model, whether that is a vector or that there will be none.
  func vector(of model: StoredModel, _ foreignID: String) throws(SQLiteError) -> StoredVector? {
    try findVector.first(model.id, foreignID) { (row) throws(SQLiteError) in
      StoredVector(
        id: try row.get(0),
        content: VectorContent(stored: try row.get(1)),
        vector: UnitVector(row: try row.get(2))
      )
    }
  }

  private func document(_ collection: String, _ foreignID: String) throws(SQLiteError) -> EmbeddedDocument? {
    try findDocument.first(collection, foreignID) { (row) throws(SQLiteError) in
      EmbeddedDocument(
        row: try row.get(0),
        isDeleted: try row.get(1, as: Int64.self) != 0,
        createdAt: try row.get(2),
        source: VectorSource(
          try row.get(4, as: String?.self).map(StatedContent.init(stored:)),
          text: try row.get(3)
        )
      )
    }
  }
}

/// A vector as it is stored.
struct StoredVector {
  let id: Int64
  let content: VectorContent
  /// Nil: the model makes none of it.
  let vector: UnitVector?
}

/// What of a document matters to its vectors.
private struct EmbeddedDocument {
  let row: Int64
  let isDeleted: Bool
  let createdAt: Int64
  let source: VectorSource

  var wantsVector: Bool { !isDeleted && source.wantsVector }

  /// Whether a vector of that content is one of this document, as far as is known.
  func accepts(_ content: VectorContent) -> Bool { !isDeleted && source.accepts(content) }
}

extension UnitVector {
  /// A vector of the table; nil for the one of no bytes.
  init?(row bytes: [UInt8]) {
    guard !bytes.isEmpty else { return nil }
    self.init(stored: bytes)
  }
}
