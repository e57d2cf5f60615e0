internal import CSQLite

extension Database {
  /// Brings the schema to the newest version, one transaction a step.
  ///
  /// Step `n` of `steps`, the schema's history, leads from version `n` to `n + 1`; a published step never changes. The
  /// number `application` marks the file as this program's, so that nothing else's is touched.
  package func migrate(application: Int32, steps: [SQL]) throws(SQLiteError) {
    let found = try number("PRAGMA application_id")
    let version = try number("PRAGMA user_version")
    let tables = try number("SELECT count(*) FROM sqlite_schema")
    guard found == 0 && version == 0 && tables == 0 || found == Int64(application) else {
      throw SQLiteError(
        kind: .damaged,
        extendedCode: SQLITE_NOTADB,
        message: "expected a database with application id \(application), found \(found)",
        path: path
      )
    }
    guard version <= steps.count else {
      throw SQLiteError(
        kind: .newer,
        extendedCode: SQLITE_SCHEMA,
        message: "expected schema version \(steps.count) or less, found \(version): written by a newer version",
        path: path
      )
    }
    for (index, step) in steps.enumerated().dropFirst(Int(version)) {
      try transaction { () throws(SQLiteError) in
        try execute("PRAGMA application_id = " + SQL(Int64(application)))
        try execute(step)
        try execute("PRAGMA user_version = " + SQL(Int64(index + 1)))
      }
    }
  }

  /// The one number that `sql` yields; 0 if it yields nothing.
  package func number(_ sql: SQL) throws(SQLiteError) -> Int64 {
    try prepare(sql).value(as: Int64.self) ?? 0
  }
}
