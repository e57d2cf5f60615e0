internal import PluginKit
internal import SQLite

/// Which documents were erased, by digests of their foreign ids: no copy of these is to be written, and nothing refers
/// from them.
final class ErasedDocuments {
  private let find: Statement
  private let insert: Statement

  init(_ database: Database) throws(SQLiteError) {
    find = try database.prepare("SELECT 1 FROM erased WHERE collection = ? AND digest = ?")
    insert = try database.prepare("INSERT OR IGNORE INTO erased (collection, digest) VALUES (?, ?)")
  }

  func contains(_ collection: String, _ foreignID: String) throws(SQLiteError) -> Bool {
    try find.value(collection, Self.digest(foreignID), as: Int64.self) != nil
  }

  func add(_ collection: String, _ foreignID: String) throws(SQLiteError) {
    try insert.run(collection, Self.digest(foreignID))
  }

  private static func digest(_ foreignID: String) -> [UInt8] { SHA256.digest(Array(foreignID.utf8)) }
}
