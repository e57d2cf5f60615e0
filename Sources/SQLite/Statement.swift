internal import CSQLite

/// A prepared statement: made once, run many times.
///
/// It belongs to the thread of its database. Each call binds all parameters, steps, and leaves the statement reset, so
/// that none holds a read transaction open. The connection outlives it whatever the order in which the two are dropped.
@safe package final class Statement {
  let handle: OpaquePointer
  private let path: String

  /// Takes over a statement, and finalizes it in the end.
  init(owning handle: OpaquePointer, path: String) {
    unsafe self.handle = unsafe handle
    self.path = path
  }

  deinit {
    unsafe sqlite3_finalize(handle)
  }

  /// Runs the statement to its end, ignoring rows.
  package func run<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
    try bind(repeat each values)
    try finish { () throws(SQLiteError) in
      while try step() {}
    }
  }

  /// Gives each row to `body` until it answers false.
  package func forEach<each Value: SQLiteValue>(
    _ values: repeat each Value,
    body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    try bind(repeat each values)
    try visit(body)
  }

  /// Every row, mapped.
  package func all<each Value: SQLiteValue, Result>(
    _ values: repeat each Value,
    map: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> [Result] {
    var results: [Result] = []
    try forEach(repeat each values) { (row) throws(SQLiteError) in
      results.append(try map(row))
      return true
    }
    return results
  }

  /// The first row, mapped; nil if there is none.
  package func first<each Value: SQLiteValue, Result>(
    _ values: repeat each Value,
    map: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result? {
    var result: Result?
    try forEach(repeat each values) { (row) throws(SQLiteError) in
      result = try map(row)
      return false
    }
    return result
  }

  /// The first column of the first row; nil if there is no row.
  package func value<each Value: SQLiteValue, Result: SQLiteValue>(
    _ values: repeat each Value,
    as type: Result.Type
  ) throws(SQLiteError) -> Result? {
    try first(repeat each values) { (row) throws(SQLiteError) in try row.get(0, as: type) }
  }

  /// Gives each row to `body` until it answers false, with parameters whose number is known only when the program runs.
  package func forEach(
    binding values: [any SQLiteValue],
    body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    try expectParameters(values.count)
    for (index, value) in values.enumerated() { try value.bind(to: self, at: Int32(index + 1)) }
    try visit(body)
  }

  private func bind<each Value: SQLiteValue>(_ values: repeat each Value) throws(SQLiteError) {
    var index: Int32 = 0
    for value in repeat each values {
      index += 1
      try value.bind(to: self, at: index)
    }
    try expectParameters(Int(index))
  }

  private func expectParameters(_ count: Int) throws(SQLiteError) {
    let expected = Int(unsafe sqlite3_bind_parameter_count(handle))
    guard count == expected else { throw error(SQLITE_RANGE, "expected \(expected) parameters, found \(count)") }
  }

  private func visit(_ body: (borrowing Row) throws(SQLiteError) -> Bool) throws(SQLiteError) {
    try finish { () throws(SQLiteError) in
      let row = Row(statement: self)
      while try step() {
        guard try body(row) else { return }
      }
    }
  }

  /// Runs `body`, and resets the statement whatever comes of it, so that it holds neither a lock nor a copy of its
  /// values.
  private func finish(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
    defer {
      unsafe sqlite3_reset(handle)
      unsafe sqlite3_clear_bindings(handle)
    }
    try body()
  }

  private func step() throws(SQLiteError) -> Bool {
    let status = unsafe sqlite3_step(handle)
    if status == SQLITE_ROW { return true }
    if status == SQLITE_DONE { return false }
    throw error(status)
  }

  func check(_ status: Int32) throws(SQLiteError) {
    guard status == SQLITE_OK else { throw error(status) }
  }

  /// What the connection says about `status`, or `message` in its place.
  func error(_ status: Int32, _ message: String? = nil) -> SQLiteError {
    let connection = unsafe sqlite3_db_handle(handle)
    let sql = unsafe sqlite3_sql(handle).map { unsafe String(cString: $0) }
    if let message { return SQLiteError(extendedCode: status, message: message, path: path, sql: sql) }
    let extended = unsafe sqlite3_extended_errcode(connection)
    return SQLiteError(
      extendedCode: extended & 0xff == status & 0xff ? extended : status,
      message: unsafe String(cString: sqlite3_errmsg(connection)),
      path: path,
      sql: sql
    )
  }
}
