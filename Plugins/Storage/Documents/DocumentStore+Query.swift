internal import PluginKit
internal import SQLite

extension DocumentStore {
  /// The documents that meet a filter, as many as the limit allows and one answer can hold.
  func query(_ collection: String, _ query: DocumentQuery) throws(SQLiteError) -> DocumentPage {
    var conditions = Conditions(query.filter, collection)
    let isNewest = query.order == .newest
    if let cursor = query.cursor {
      let after: SQL = isNewest ? "(created_at, documents.id) < (?, ?)" : "(created_at, documents.id) > (?, ?)"
      conditions.add(after, cursor.createdAt, cursor.row)
    }
    let order: SQL = isNewest ? "created_at DESC, documents.id DESC" : "created_at, documents.id"
    // One more than was asked for tells whether there are more.
    conditions.values.append(query.limit + 1)
    let select = try database.prepare(
      "SELECT " + documentColumns + ", documents.id FROM " + conditions.tables + " WHERE " + conditions.sql
        + " ORDER BY " + order + " LIMIT ?"
    )
    var page = DocumentPage()
    var last: DocumentCursor?
    var room = Document.sizeMax
    try select.forEach(binding: conditions.values) { (row) throws(SQLiteError) in
      let document = try document(row)
      let json = document.json
      room -= json.bytes().count + 1
      // The first one always goes: no document is stored that is larger than an answer.
      guard page.documents.isEmpty || room >= 0, page.documents.count < query.limit else {
        page.next = last
        return false
      }
      page.documents.append(json)
      last = DocumentCursor(createdAt: document.createdAt, row: try row.get(8))
      return true
    }
    return page
  }

  /// How many documents meet a filter.
  func count(_ collection: String, _ filter: DocumentFilter) throws(SQLiteError) -> Int64 {
    let conditions = Conditions(filter, collection)
    let select = try database.prepare("SELECT count(*) FROM " + conditions.tables + " WHERE " + conditions.sql)
    var count: Int64 = 0
    try select.forEach(binding: conditions.values) { (row) throws(SQLiteError) in
      count = try row.get(0)
      return false
    }
    return count
  }
}

/// A filter in SQL, and the values to be bound to it.
private struct Conditions {
  var tables: SQL = "documents"
  var sql: SQL = "collection = ? AND deleted = 0"
  var values: [any SQLiteValue]

  init(_ filter: DocumentFilter, _ collection: String) {
    values = [collection]
    if let search = filter.search {
      tables = "search JOIN documents ON documents.id = search.rowid"
      add("search MATCH ?", search.query)
    }
    if let space = filter.space { add("space = ?", orURN: "space IN (?, ?)", space) }
    if let author = filter.author { add("author = ?", orURN: "author IN (?, ?)", author) }
    if let thread = filter.thread { add("thread = ?", orURN: "thread IN (?, ?)", thread) }
    if let since = filter.since { add("created_at >= ?", since) }
    if let until = filter.until { add("created_at < ?", until) }
  }

  mutating func add(_ condition: SQL, _ values: any SQLiteValue...) {
    sql += " AND " + condition
    self.values += values
  }

  /// A URN also finds what is stored under its id alone, which is how those write who know their provider.
  private mutating func add(_ condition: SQL, orURN either: SQL, _ name: String) {
    guard let urn = try? URN(name) else { return add(condition, name) }
    add(either, name, urn.id)
  }
}
