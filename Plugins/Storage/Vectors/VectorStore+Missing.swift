internal import PluginKit
internal import SQLite

extension VectorStore {
  /// The documents that are to have a vector and lack one of a model, as many as the limit allows and one answer can hold.
  ///
  /// Of a model that has no vector yet these are all that are to have one, and nothing is written down: to ask changes nothing.
  func missing(_ collection: String, _ gap: VectorGap) throws(SQLiteError) -> DocumentPage {
    let model = try models(of: collection).first { $0.model == gap.model }
    let (sql, values) = Self.selection(collection, gap, model)
    var page = DocumentPage()
    var last: DocumentCursor?
    var room = Document.sizeMax
    try database.prepare(sql).forEach(binding: values) { (row) throws(SQLiteError) in
      let json = try Self.gap(row)
      room -= json.bytes().count + 1
      // The first one always goes: no document is stored that is larger than an answer.
      guard page.documents.isEmpty || room >= 0 && page.documents.count < gap.limit else {
        page.next = last
        return false
      }
      page.documents.append(json)
      last = DocumentCursor(createdAt: try row.get(0), row: try row.get(1))
      return true
    }
    return page
  }

  /// What is told of a document that lacks a vector: what that is to be of, and the text if it is that.
  private static func gap(_ row: borrowing Row) throws(SQLiteError) -> JSON {
    let foreignID = JSON.string(try row.get(2))
    if let content = try row.get(4, as: String?.self) { return ["foreign_id": foreignID, "content": .string(content)] }
    let text = try row.get(3, as: String.self)
    return [
      "foreign_id": foreignID, "text": .string(text), "content": .string(VectorContent(of: text).text),
    ]
  }

  /// What selects the documents that lack a vector, and the values to be bound to it.
  ///
  /// They are looked up in their table, once that has all of them; until then, and where most lack one, they are looked
  /// for in the order of time, where the first ones are soon found.
  static func selection(
    _ collection: String,
    _ gap: VectorGap,
    _ model: StoredModel?
  ) -> (sql: SQL, values: [any SQLiteValue]) {
    let isNewest = gap.order == .newest
    var sql: SQL
    var values: [any SQLiteValue]
    let row: SQL
    let time: SQL
    if let model, model.isSeen {
      (row, time) = ("unembedded.document", "unembedded.created_at")
      sql = """
        SELECT unembedded.created_at, unembedded.document, foreign_id, text, content
        FROM unembedded CROSS JOIN documents ON documents.id = unembedded.document WHERE unembedded.model = ?
        """
      values = [model.id]
    } else {
      (row, time) = ("documents.id", "created_at")
      sql = """
        SELECT created_at, documents.id, foreign_id, text, content FROM documents
        WHERE collection = ? AND deleted = 0 AND coalesce(content, text) <> ''
        """
      values = [collection]
      if let model {
        sql += " AND NOT EXISTS (SELECT 1 FROM vectors WHERE model = ? AND foreign_id = documents.foreign_id)"
        values.append(model.id)
      }
    }
    if let cursor = gap.cursor {
      sql += " AND (" + time + ", " + row + (isNewest ? ") < (?, ?)" : ") > (?, ?)")
      values += [cursor.createdAt, cursor.row]
    }
    sql += " ORDER BY " + time + (isNewest ? " DESC, " : ", ") + row + (isNewest ? " DESC" : "") + " LIMIT ?"
    // One more than was asked for tells whether there are more.
    values.append(gap.limit + 1)
    return (sql, values)
  }
}
