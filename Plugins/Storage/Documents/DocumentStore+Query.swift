internal import PluginKit
internal import SQLite

extension DocumentStore {
  /// The documents that meet a filter, as many as the limit allows and one answer can hold.
  func query(_ collection: String, _ query: DocumentQuery) throws(SQLiteError) -> DocumentPage {
    let places = try places(collection, query)
    var page = DocumentPage()
    var last: DocumentCursor?
    var room = Document.sizeMax
    for (place, score) in places {
      guard page.documents.count < query.limit, let document = try document(at: place.row) else {
        page.next = last
        break
      }
      let json = document.json(hasBody: query.hasBodies, score: score)
      room -= json.bytes().count + 1
      // The first one always goes: no document is stored that is larger than an answer.
      guard page.documents.isEmpty || room >= 0 else {
        page.next = last
        break
      }
      page.documents.append(json)
      last = query.order == .best ? nil : place
    }
    return page
  }

  /// Where the documents are that meet a filter, in order, and one more than was asked for if there are more.
  ///
  /// Nothing of their content is read, so that what an index does not sort is sorted by two numbers each.
  private func places(
    _ collection: String,
    _ query: DocumentQuery
  ) throws(SQLiteError) -> [(place: DocumentCursor, score: Double?)] {
    let (sql, values) = Self.selection(collection, query)
    var places: [(DocumentCursor, Double?)] = []
    try database.prepare(sql).forEach(binding: values) { (row) throws(SQLiteError) in
      // FTS5's rank is the less the better it matches.
      let score = try row.get(2, as: Double?.self).map { -$0 }
      places.append((DocumentCursor(createdAt: try row.get(0), row: try row.get(1)), score))
      return true
    }
    return places
  }

  /// What selects the places of a query, and the values to be bound to it.
  static func selection(_ collection: String, _ query: DocumentQuery) -> (sql: SQL, values: [any SQLiteValue]) {
    var conditions = Conditions(query.filter, collection)
    let isNewest = query.order == .newest
    if let cursor = query.cursor {
      let after: SQL = isNewest ? "(created_at, documents.id) < (?, ?)" : "(created_at, documents.id) > (?, ?)"
      conditions.add(after, cursor.createdAt, cursor.row)
    }
    let order: SQL =
      switch query.order {
      case .newest: "created_at DESC, documents.id DESC"
      case .oldest: "created_at, documents.id"
      case .best: "search.rank, created_at DESC, documents.id DESC"
      }
    let rank: SQL = query.order == .best ? "search.rank" : "NULL"
    // One more than was asked for tells whether there are more.
    conditions.values.append(query.limit + 1)
    let sql =
      "SELECT created_at, documents.id, " + rank + " FROM " + conditions.tables + " WHERE " + conditions.sql
      + " ORDER BY " + order
      + " LIMIT ?"
    return (sql, conditions.values)
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
struct Conditions {
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
