import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct DocumentStoreTests {
  let directory: TemporaryDirectory
  var path: String { directory.file("echo.demo.sqlite") }

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func put(_ id: String, text: String) throws -> DocumentChange {
    .put(try DocumentPut(["foreign_id": .string(id), "revision": 1, "text": .string(text)], at: "", now: 5))
  }

  private func count(_ text: String, in store: DocumentStore) throws -> Int64 {
    try store.count("messages", DocumentFilter(RequestFields(["text": .string(text)], keys: DocumentFilter.keys)))
  }

  @Test func `a file of the first version gets its search index, old documents and all`() throws {
    do {
      let old = try Database(path: path)
      try old.migrate(application: DocumentSchema.application, steps: Array(DocumentSchema.steps.prefix(1)))
      try old.prepare(
        """
        INSERT INTO documents (collection, foreign_id, revision, deleted, created_at, text, body)
        VALUES ('messages', ?, 1, 0, 5, ?, '{}')
        """
      ).run("old", "written before there was a search")
    }
    let store = try DocumentStore(path: path, synchronous: .full)
    #expect(try store.database.number("PRAGMA user_version") == Int64(DocumentSchema.steps.count))
    #expect(try count("search", in: store) == 1)
    #expect(try store.apply([("messages", put("old", text: "rewritten"))]) == [.written])
    #expect(try count("search", in: store) == 0)
    #expect(try count("rewritten", in: store) == 1)
  }

  @Test func `a new file is of the newest version`() throws {
    let store = try DocumentStore(path: path, synchronous: .full)
    #expect(try store.database.number("PRAGMA user_version") == Int64(DocumentSchema.steps.count))
  }

  @Test(arguments: ["space", "author", "thread", "since"])
  func `filters use an index, and no sort of the whole`(key: String) throws {
    let store = try DocumentStore(path: path, synchronous: .full)
    let value: JSON = key == "since" ? 5 : "x"
    let (sql, values) = DocumentStore.selection("messages", try DocumentQuery(.object([key: value])))
    var plan: [String] = []
    try store.database.prepare("EXPLAIN QUERY PLAN " + sql).forEach(binding: values) { (row) throws(SQLiteError) in
      plan.append(try row.get(3))
      return true
    }
    #expect(plan.count == 1)
    #expect(plan[0].contains("USING INDEX by_"))
  }

  @Test func `changes are written all or none when the disk is full`() throws {
    let store = try DocumentStore(path: path, synchronous: .full)
    try store.database.execute("PRAGMA max_page_count = 40")
    let long = String(repeating: "word ", count: 2_000)
    let error = #expect(throws: SQLiteError.self) {
      try store.apply((0..<100).map { ("messages", try put("\($0)", text: long)) })
    }
    #expect(error?.kind == .full)
    #expect(try count("word", in: store) == 0)
    #expect(try store.apply([("messages", put("small", text: "word"))]) == [.written])
  }

  @Test func `a damaged database is answered with an error, the others go on, and a repaired one is used again`()
    async throws
  {
    let storage = try await StorageFixture()
    let document: JSON = ["documents": [["foreign_id": "a", "text": "x"]]]
    try storage.directory.write("echo.demo.sqlite", [UInt8](repeating: 7, count: 8_192))
    for operation in ["put", "put"] {
      let refusal = await storage.refusal(operation, document)
      #expect(refusal?.hasPrefix("storage of echo/demo: the file is damaged, or no database of documents (") == true)
    }
    #expect(try await storage.ask("put", document, tenant: "other")["written"] == 1)
    try storage.directory.write("echo.demo.sqlite", [])
    #expect(try await storage.ask("put", document)["written"] == 1)
    try await storage.host.stop()
  }

  @Test func `in one batch the damaged tenant fails and the other is written`() async throws {
    let storage = try await StorageFixture()
    try storage.directory.write("echo.demo.sqlite", [UInt8](repeating: 7, count: 8_192))
    let document: JSON = ["documents": [["foreign_id": "a"]]]
    let deliveries = await storage.host.deliver([
      StorageFixture.request("put", document), StorageFixture.request("put", document, tenant: "other"),
    ])
    var failed: [Bool] = []
    for delivery in deliveries {
      guard case .response(let response) = await storage.host.outcome(of: delivery) else { continue }
      failed.append(response.flags.contains(.error))
    }
    #expect(failed == [true, false])
    try await storage.host.stop()
  }

  @Test func `more tenants than may be open are all served`() async throws {
    let storage = try await StorageFixture(config: ["sync": "normal"])
    let tenants = (0..<DocumentStores.openMax + 6).map { "t\($0)" }
    for tenant in tenants {
      try await storage.ask("put", ["documents": [["foreign_id": "a"]]], tenant: tenant)
    }
    for tenant in tenants { #expect(try await storage.ask("count", [:], tenant: tenant) == ["count": 1]) }
    try await storage.host.stop()
  }
}
