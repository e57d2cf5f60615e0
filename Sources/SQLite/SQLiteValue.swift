internal import CSQLite

/// A type that SQLite stores.
///
/// Reading is strict: a column of another type is an error, where SQLite itself would convert it.
package protocol SQLiteValue {
  /// Binds the value to the parameter `index`, counted from 1.
  func bind(to statement: Statement, at index: Int32) throws(SQLiteError)
  /// Reads the column `index`, counted from 0.
  static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> Self
}

extension Int64: SQLiteValue {
  package func bind(to statement: Statement, at index: Int32) throws(SQLiteError) {
    try statement.check(unsafe sqlite3_bind_int64(statement.handle, index, self))
  }

  package static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> Int64 {
    try row.expect(SQLITE_INTEGER, at: index)
    return unsafe sqlite3_column_int64(row.statement.handle, index)
  }
}

extension Double: SQLiteValue {
  package func bind(to statement: Statement, at index: Int32) throws(SQLiteError) {
    try statement.check(unsafe sqlite3_bind_double(statement.handle, index, self))
  }

  package static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> Double {
    try row.expect(SQLITE_FLOAT, at: index)
    return unsafe sqlite3_column_double(row.statement.handle, index)
  }
}

extension String: SQLiteValue {
  package func bind(to statement: Statement, at index: Int32) throws(SQLiteError) {
    var text = self
    let status = text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        unsafe sqlite3_bind_text64(
          statement.handle,
          index,
          characters.baseAddress ?? emptyText,
          UInt64(characters.count),
          copied,
          UInt8(SQLITE_UTF8)
        )
      }
    }
    try statement.check(status)
  }

  package static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> String {
    try row.expect(SQLITE_TEXT, at: index)
    let start = unsafe sqlite3_column_text(row.statement.handle, index)
    let count = Int(unsafe sqlite3_column_bytes(row.statement.handle, index))
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
      throw row.statement.error(SQLITE_CORRUPT, "column \(index): text that is not UTF-8")
    }
    return text
  }
}

extension [UInt8]: SQLiteValue {
  package func bind(to statement: Statement, at index: Int32) throws(SQLiteError) {
    // A null pointer would bind NULL.
    if isEmpty { return try statement.check(unsafe sqlite3_bind_zeroblob(statement.handle, index, 0)) }
    let status = unsafe withUnsafeBytes { bytes in
      unsafe sqlite3_bind_blob64(statement.handle, index, bytes.baseAddress, UInt64(bytes.count), copied)
    }
    try statement.check(status)
  }

  package static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> [UInt8] {
    try row.expect(SQLITE_BLOB, at: index)
    let start = unsafe sqlite3_column_blob(row.statement.handle, index)
    let count = Int(unsafe sqlite3_column_bytes(row.statement.handle, index))
    return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }
}

extension Optional: SQLiteValue where Wrapped: SQLiteValue {
  package func bind(to statement: Statement, at index: Int32) throws(SQLiteError) {
    guard let value = self else { return try statement.check(unsafe sqlite3_bind_null(statement.handle, index)) }
    try value.bind(to: statement, at: index)
  }

  package static func read(_ row: borrowing Row, at index: Int32) throws(SQLiteError) -> Wrapped? {
    if row.isNull(index) { return nil }
    return try Wrapped.read(row, at: index)
  }
}

/// SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies the bytes before the call returns.
private nonisolated(unsafe) let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// What an empty text points at, since a null pointer would bind NULL.
private nonisolated(unsafe) let emptyText: UnsafePointer<CChar> = {
  let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  unsafe text.initialize(to: 0)
  return unsafe UnsafePointer(text)
}()
