import SQLite
import TestSupport
import Testing

@Suite struct SQLiteTests {
  let directory: TemporaryDirectory
  let database: Database

  init() throws {
    directory = try TemporaryDirectory()
    database = try Database(path: directory.file("test.sqlite"))
    try database.execute("CREATE TABLE t (i INTEGER, d REAL, s TEXT, b BLOB) STRICT")
  }

  private func count() throws -> Int64 {
    try database.number("SELECT count(*) FROM t")
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max])
  func `an integer comes back as it went in`(value: Int64) throws {
    let found = try database.prepare("SELECT ?").value(value, as: Int64.self)
    #expect(found == value)
  }

  @Test(arguments: ["", "a", "naïve 🦆", "nul\0inside", "'; DROP TABLE t; --"])
  func `a text comes back as it went in`(value: String) throws {
    try database.prepare("INSERT INTO t (s) VALUES (?)").run(value)
    let found = try database.prepare("SELECT s FROM t").value(as: String.self)
    #expect(found == value)
  }

  @Test(arguments: [[], [0], [UInt8](0...255)])
  func `bytes come back as they went in, the empty ones not as null`(value: [UInt8]) throws {
    try database.prepare("INSERT INTO t (b) VALUES (?)").run(value)
    let found = try database.prepare("SELECT b FROM t").value(as: [UInt8]?.self)
    #expect(found == .some(value))
  }

  @Test func `doubles and nulls come back as they went in`() throws {
    try database.prepare("INSERT INTO t (d, s) VALUES (?, ?)").run(0.1, String?.none)
    try database.prepare("SELECT d, s, i FROM t").forEach { (row) throws(SQLiteError) in
      #expect(try row.get(0, as: Double.self) == 0.1)
      #expect(try row.get(1, as: String?.self) == nil)
      #expect(try row.get(2, as: Int64?.self) == nil)
      return true
    }
  }

  @Test func `a statement that would never end is ended when its time is over`() throws {
    let endless = try database.prepare(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    let error = #expect(throws: SQLiteError.self) {
      try database.within(.milliseconds(5)) { () throws(SQLiteError) in try endless.value(as: Int64.self) }
    }
    #expect(error?.isInterrupted == true)
    // It ends no other statement, and none after it.
    let long: SQL = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9999) SELECT count(*) FROM n"
    let count = try database.prepare(long)
    #expect(try database.within(.seconds(60)) { () throws(SQLiteError) in try count.value(as: Int64.self) } == 9_999)
    #expect(throws: SQLiteError.self) {
      try database.within(.zero) { () throws(SQLiteError) in try count.value(as: Int64.self) }
    }
    #expect(try count.value(as: Int64.self) == 9_999)
  }

  @Test func `a column of another type is an error and not a conversion`() throws {
    try database.prepare("INSERT INTO t (s) VALUES (?)").run("12")
    let select = try database.prepare("SELECT s FROM t")
    let error = #expect(throws: SQLiteError.self) {
      try select.value(as: Int64.self)
    }
    #expect(error?.message == "column 0: expected integer, found text")
    #expect(error?.sql == "SELECT s FROM t")
  }

  @Test func `text that is not UTF-8 is damage`() throws {
    try database.execute("INSERT INTO t (s) VALUES (CAST(x'ff' AS TEXT))")
    let error = #expect(throws: SQLiteError.self) {
      try database.prepare("SELECT s FROM t").value(as: String.self)
    }
    #expect(error?.kind == .damaged)
  }

  @Test func `too few and too many parameters are refused`() throws {
    let insert = try database.prepare("INSERT INTO t (i, d) VALUES (?, ?)")
    #expect(throws: SQLiteError.self) { try insert.run(1 as Int64) }
    #expect(throws: SQLiteError.self) { try insert.run(1 as Int64, 1.0, 1 as Int64) }
    #expect(try count() == 0)
    try insert.run(1 as Int64, 1.0)
    #expect(try count() == 1)
  }

  @Test func `a statement left in the middle of its rows holds no lock`() throws {
    for _ in 0..<3 { try database.prepare("INSERT INTO t (i) VALUES (1)").run() }
    let select = try database.prepare("SELECT i FROM t")
    _ = try select.value(as: Int64.self)
    try database.execute("DROP TABLE t")
  }

  @Test func `a transaction that throws leaves nothing`() throws {
    let insert = try database.prepare("INSERT INTO t (i) VALUES (?)")
    #expect(throws: SQLiteError.self) {
      try database.transaction { () throws(SQLiteError) in
        try insert.run(1 as Int64)
        try database.execute("INSERT INTO nowhere VALUES (1)")
      }
    }
    #expect(try count() == 0)
    try database.transaction { () throws(SQLiteError) in try insert.run(2 as Int64) }
    #expect(try count() == 1)
  }

  @Test func `one statement is expected and the error says what was found`() throws {
    for sql: SQL in ["", "  -- only a comment", "SELECT 1; SELECT 2"] {
      let error = #expect(throws: SQLiteError.self) { try database.prepare(sql) }
      #expect(error?.message.hasPrefix("expected one statement, found ") == true)
    }
    #expect(throws: SQLiteError.self) { try database.execute("CREATE TABLE x (i); SELEKT") }
  }

  @Test func `a database that may not grow says that it is full, and goes on after something is deleted`() throws {
    try database.execute("PRAGMA max_page_count = 16")
    let insert = try database.prepare("INSERT INTO t (b) VALUES (?)")
    let page = [UInt8](repeating: 7, count: 4_096)
    let error = #expect(throws: SQLiteError.self) { while true { try insert.run(page) } }
    #expect(error?.kind == .full)
    #expect(error?.path == database.path)
    try database.execute("DELETE FROM t")
    try insert.run(page)
  }

  @Test func `a lock of another connection is busy`() throws {
    let other = try Database(path: database.path, busyTimeout: 0)
    let insert = try other.prepare("INSERT INTO t (i) VALUES (1)")
    try database.transaction { () throws(SQLiteError) in
      let error = #expect(throws: SQLiteError.self) { try insert.run() }
      #expect(error?.kind == .busy)
    }
    try insert.run()
  }

  @Test func `a path that cannot be opened is named`() throws {
    let path = directory.file("missing/test.sqlite")
    let error = #expect(throws: SQLiteError.self) { try Database(path: path) }
    #expect(error?.kind == .io)
    #expect(error?.description.hasPrefix(path) == true)
  }

  @Test func `a statement outlives the last reference to its database`() throws {
    var closing: Database? = try Database(path: directory.file("closing.sqlite"))
    let select = try #require(try closing?.prepare("SELECT 7"))
    closing = nil
    #expect(try select.value(as: Int64.self) == 7)
  }
}
