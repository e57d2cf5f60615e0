internal import PluginKit
internal import SQLite

/// The documents of one tenant, in one database.
final class DocumentStore {
  typealias Failure = SQLiteError
  typealias Synchronous = Database.Synchronous

  let database: Database
  /// The vectors of the documents.
  let vectors: VectorStore
  /// The blobs that documents refer to.
  let blobs: BlobStore
  /// What was erased, and is not to come back.
  let erased: ErasedDocuments
  private let find: Statement
  private let fetch: Statement
  private let insert: Statement
  private let update: Statement

  /// Opens the database at `path`, or makes it.
  init(path: String, synchronous: Synchronous) throws(SQLiteError) {
    database = try Database(path: path)
    try database.useWriteAheadLog(synchronous)
    // What was deleted is not to be found in the file.
    try database.useSecureDelete(.on)
    // A sort that is large must not want a file: the sandbox has no place for one.
    try database.execute("PRAGMA temp_store = MEMORY; PRAGMA cache_size = " + SQL(-cacheKibibytes))
    try database.migrate(application: DocumentSchema.application, steps: DocumentSchema.steps)
    vectors = try VectorStore(database)
    erased = try ErasedDocuments(database)
    blobs = try BlobStore(database, erased)
    find = try database.prepare(
      "SELECT " + documentColumns + ", deleted, id FROM documents WHERE collection = ? AND foreign_id = ?"
    )
    fetch = try database.prepare("SELECT " + documentColumns + " FROM documents WHERE id = ?")
    insert = try database.prepare(
      """
      INSERT INTO documents
        (deleted, revision, space, author, thread, created_at, text, content, body, collection, foreign_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    )
    update = try database.prepare(
      """
      UPDATE documents
      SET deleted = ?, revision = ?, space = ?, author = ?, thread = ?, created_at = ?, text = ?, content = ?, body = ?
      WHERE collection = ? AND foreign_id = ?
      """
    )
  }

  /// Makes changes of some collections in one transaction: all of them, or none.
  func apply(_ changes: [(collection: String, change: DocumentChange)]) throws(SQLiteError) -> [DocumentChange.Outcome]
  {
    vectors.begin()
    blobs.hasReleased = false
    return try database.transaction { () throws(SQLiteError) in
      var outcomes: [DocumentChange.Outcome] = []
      for (collection, change) in changes {
        switch change {
        case .put(let put): outcomes.append(try apply(put, collection))
        case .delete(let deletion): outcomes.append(try apply(deletion, collection))
        case .putVector(let put):
          // Its document will not come.
          let isErased = try erased.contains(collection, put.foreignID)
          outcomes.append(isErased ? .stale : try vectors.put(put, collection))
        case .deleteVectors(let foreignID): outcomes.append(try vectors.delete(foreignID, collection))
        }
      }
      try vectors.settle()
      return outcomes
    }
  }

  /// One document; nil if there is none, or it was deleted.
  func document(_ collection: String, _ foreignID: String) throws(SQLiteError) -> Document? {
    guard let stored = try stored(collection, foreignID), !stored.isDeleted else { return nil }
    return stored.document
  }

  /// What is answered about a foreign id: the document, or up to which revision it was deleted, which is every one of
  /// what was erased.
  func answer(_ collection: String, _ foreignID: String) throws(SQLiteError) -> JSON {
    guard let stored = try stored(collection, foreignID) else {
      let isErased = try erased.contains(collection, foreignID)
      return isErased ? ["document": nil, "deleted": .int(.max)] : ["document": nil]
    }
    if stored.isDeleted { return ["document": nil, "deleted": .int(stored.document.revision)] }
    return ["document": stored.document.json]
  }

  /// The document in a row of the table.
  func document(at row: Int64) throws(SQLiteError) -> Document? {
    try fetch.first(row) { (row) throws(SQLiteError) in try document(row) }
  }

  private func apply(_ put: DocumentPut, _ collection: String) throws(SQLiteError) -> DocumentChange.Outcome {
    let stored = try stored(collection, put.foreignID)
    if stored == nil, try erased.contains(collection, put.foreignID) { return .stale }
    if let stored, stored.isDeleted, let revision = put.revision, revision <= stored.document.revision { return .stale }
    let live = stored.flatMap { $0.isDeleted ? nil : $0.document }
    let document = live?.changed(by: put) ?? Document(put)
    if document == live { return put.revision.map { $0 < document.revision } == true ? .stale : .unchanged }
    if document.json.bytes().count > Document.sizeMax { return .tooLarge }
    try write(document, collection, isDeleted: false, over: stored)
    return .written
  }

  private func apply(_ deletion: DocumentDeletion, _ collection: String) throws(SQLiteError) -> DocumentChange.Outcome {
    let stored = try stored(collection, deletion.foreignID)
    // There is no more to be deleted, and a mark would say more than is left.
    if stored == nil, try erased.contains(collection, deletion.foreignID) { return .unchanged }
    let revision = deletion.revision ?? .max
    if let stored, revision < stored.document.revision { return .stale }
    let mark = Document(
      foreignID: deletion.foreignID,
      revision: revision,
      space: nil,
      author: nil,
      thread: nil,
      createdAt: 0,
      text: nil,
      body: .null
    )
    try write(mark, collection, isDeleted: true, over: stored)
    // Whether or not there was a document: a blob may have come before it.
    _ = try blobs.release(collection, deletion.foreignID, nil, now: deletion.now)
    return stored.map { $0.isDeleted } ?? true ? .unchanged : .written
  }

  private func write(
    _ document: Document,
    _ collection: String,
    isDeleted: Bool,
    over stored: Stored?
  ) throws(SQLiteError) {
    try (stored == nil ? insert : update).run(
      Int64(isDeleted ? 1 : 0),
      document.revision,
      document.space,
      document.author,
      document.thread,
      document.createdAt,
      document.text,
      document.content?.stored,
      document.body.text,
      collection,
      document.foreignID
    )
    let previous = stored.flatMap { $0.isDeleted ? nil : $0.document }
    if let previous, !isDeleted, previous.text == document.text, previous.content == document.content,
      previous.createdAt == document.createdAt
    {
      return
    }
    try vectors.documentChanged(
      collection,
      document.foreignID,
      row: stored?.row ?? database.lastInsertedRow,
      to: isDeleted ? nil : document
    )
  }

  private func stored(_ collection: String, _ foreignID: String) throws(SQLiteError) -> Stored? {
    try find.first(collection, foreignID) { (row) throws(SQLiteError) in
      Stored(document: try document(row), isDeleted: try row.get(9, as: Int64.self) != 0, row: try row.get(10))
    }
  }

  /// The document in a row that begins with `documentColumns`.
  func document(_ row: borrowing Row) throws(SQLiteError) -> Document {
    let foreignID = try row.get(0, as: String.self)
    guard let body = try? JSON.parse(try row.get(8, as: String.self)) else {
      throw SQLiteError(damaged: "document \(foreignID): a body that is no JSON", path: database.path)
    }
    return Document(
      foreignID: foreignID,
      revision: try row.get(1),
      space: try row.get(2),
      author: try row.get(3),
      thread: try row.get(4),
      createdAt: try row.get(5),
      text: try row.get(6),
      content: try row.get(7, as: String?.self).map(StatedContent.init(stored:)),
      body: body
    )
  }
}

/// What lies under a foreign id.
private struct Stored {
  let document: Document
  let isDeleted: Bool
  let row: Int64
}

/// The columns that make a document, in the order in which `document(_:)` reads them.
let documentColumns: SQL = "foreign_id, revision, space, author, thread, created_at, documents.text, content, body"

/// Memory for the pages of one database, in KiB.
private let cacheKibibytes: Int64 = 1_024
