internal import CSQLite

/// One row of a result, valid inside the closure that is given it.
package struct Row: ~Copyable {
  let statement: Statement

  /// The value of the column `index`, counted from 0.
  ///
  /// - Throws: when the column holds another type, which in a strict schema means that the file is not what it should
  ///   be.
  package func get<Value: SQLiteValue>(_ index: Int32, as type: Value.Type = Value.self) throws(SQLiteError) -> Value {
    try Value.read(self, at: index)
  }

  /// Whether the column is NULL.
  package func isNull(_ index: Int32) -> Bool {
    unsafe sqlite3_column_type(statement.handle, index) == SQLITE_NULL
  }

  func expect(_ type: Int32, at index: Int32) throws(SQLiteError) {
    let found = unsafe sqlite3_column_type(statement.handle, index)
    guard found == type else {
      throw statement.error(
        SQLITE_MISMATCH,
        "column \(index): expected \(Row.name(of: type)), found \(Row.name(of: found))"
      )
    }
  }

  private static func name(of type: Int32) -> String {
    switch type {
    case SQLITE_INTEGER: "integer"
    case SQLITE_FLOAT: "real"
    case SQLITE_TEXT: "text"
    case SQLITE_BLOB: "blob"
    default: "null"
    }
  }
}
