import SQLite
import TestSupport
import Testing

@Suite struct SQLiteMigrationTests {
  private static let application: Int32 = 77
  private static let steps: [SQL] = [
    "CREATE TABLE a (i INTEGER) STRICT; INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN j INTEGER; UPDATE a SET j = i + 1",
  ]

  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func open(_ steps: some Sequence<SQL>, application: Int32 = application) throws -> Database {
    let database = try Database(path: directory.file("test.sqlite"))
    try database.migrate(application: application, steps: Array(steps))
    return database
  }

  @Test func `a new file and an old one come to the same schema`() throws {
    _ = try open(Self.steps.prefix(1))
    let old = try open(Self.steps)
    #expect(try old.number("SELECT j FROM a") == 2)
    #expect(try old.number("PRAGMA user_version") == 2)
    #expect(try open(Self.steps).number("SELECT count(*) FROM a") == 1)
  }

  @Test func `a step that fails leaves the version before it`() throws {
    let broken = Self.steps + ["CREATE TABLE b (i); CREATE TABLE a (i)"]
    #expect(throws: SQLiteError.self) { try open(broken) }
    let database = try open(Self.steps)
    #expect(try database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0)
  }

  @Test func `a file of a newer version is refused`() throws {
    _ = try open(Self.steps)
    let error = #expect(throws: SQLiteError.self) { try open(Self.steps.prefix(1)) }
    #expect(error?.kind == .newer)
    #expect(error?.message == "expected schema version 1 or less, found 2: written by a newer version")
  }

  @Test func `a database of another program is left alone`() throws {
    _ = try open(Self.steps, application: 78)
    let error = #expect(throws: SQLiteError.self) { try open(Self.steps) }
    #expect(error?.kind == .damaged)
    let foreign = try Database(path: directory.file("foreign.sqlite"))
    try foreign.execute("CREATE TABLE theirs (i)")
    #expect(throws: SQLiteError.self) { try foreign.migrate(application: 78, steps: Self.steps) }
    #expect(try foreign.number("PRAGMA user_version") == 0)
  }

  @Test func `a file that is no database is damaged`() throws {
    let path = try directory.write("test.sqlite", Array(String(repeating: "not a database. ", count: 512).utf8))
    let error = #expect(throws: SQLiteError.self) { try open(Self.steps) }
    #expect(error?.kind == .damaged)
    #expect(error?.path == path)
  }
}
