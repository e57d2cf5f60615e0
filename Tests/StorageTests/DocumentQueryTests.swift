import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct DocumentQueryTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
    _ = try await storage.put(
      message("1", "general", "ann", 1_000, "Emacs is an editor"),
      message("2", "general", "bob", 2_000, "vi is the other editor"),
      message("3", "random", "ann", 3_000, "I drink café au lait", thread: "t"),
      message("4", "random", "bob", 3_000, "\"quoted\" AND OR NOT NEAR(x) * ^ : - 'text'"),
      ["foreign_id": "5", "space": "random", "created_at": 4_000]
    )
  }

  private func message(
    _ id: String,
    _ space: String,
    _ author: String,
    _ time: Int64,
    _ text: String,
    thread: String? = nil
  ) -> JSON {
    var document: JSONObject = [
      "foreign_id": .string(id), "space": .string(space), "author": .string(author), "created_at": .int(time),
      "text": .string(text),
    ]
    document["thread"] = thread.map { .string($0) }
    return .object(document)
  }

  @Test(
    arguments: [
      ([:], ["5", "4", "3", "2", "1"]),
      (["order": "oldest"], ["1", "2", "3", "4", "5"]),
      (["space": "general"], ["2", "1"]),
      (["author": "ann"], ["3", "1"]),
      (["author": "ann", "space": "general"], ["1"]),
      (["thread": "t"], ["3"]),
      (["since": 3_000], ["5", "4", "3"]),
      (["until": 3_000], ["2", "1"]),
      (["since": "1970-01-01T00:00:02Z", "until": "1970-01-01T00:00:03Z"], ["2"]),
      (["text": "editor"], ["2", "1"]),
      (["text": "EDITOR emacs"], ["1"]),
      (["text": "edit"], []),
      (["text": "edit*"], ["2", "1"]),
      (["text": "\"other editor\""], ["2"]),
      (["text": "emacs café", "match": "any"], ["3", "1"]),
      (["text": "emacs café", "match": "all"], []),
      (["text": "emacs editor", "match": "any", "order": "best"], ["1", "2"]),
      (["text": "editor", "order": "best", "limit": 1], ["1"]),
      (["text": "\"editor other\""], []),
      (["text": "\"other edi\""], []),
      (["text": "\"other edi\"*"], ["2"]),
      (["text": "\"other edi*\""], ["2"]),
      (["text": "\"the other edi\"* vi"], ["2"]),
      (["text": "\"oth editor\"*"], []),
      (["text": "\"other edi\" *"], []),
      (["text": "cafe"], ["3"]),
      (["text": "editor", "author": "bob", "since": 1_500, "order": "oldest"], ["2"]),
      (["space": "urn:echo:space:demo:general"], ["2", "1"]),
      (["space": "nowhere"], []),
      (["limit": 2], ["5", "4"]),
    ] as [(JSONObject, [String])]
  )
  func `a query finds what meets all its conditions, in order`(query: JSONObject, expected: [String]) async throws {
    #expect(try await storage.ids(query) == expected)
    var filter = query
    for key in ["order", "limit"] { filter[key] = nil }
    if query["limit"] == nil {
      #expect(try await storage.ask("count", .object(filter)) == ["count": .int(Int64(expected.count))])
    }
    try await storage.host.stop()
  }

  @Test(arguments: [
    "\"", "\"quoted", "quoted\"", "AND", "NOT quoted", "NEAR(x", "near(", "x:quoted", "text:quoted", "quoted^",
    "-quoted", "'", "a'b",
    "quoted*", "*quoted", "(quoted)", "{quoted}", "quoted +", "quoted OR", "\0quoted", "quoted\0", "\\",
    "; DROP TABLE documents",
    "🦆 quoted", "quoted \u{200b}", "٣", "%", "a\u{301}",
  ])
  func `no text to look for breaks the query language`(text: String) async throws {
    do {
      let ids = try await storage.ids(["text": .string(text)])
      #expect(ids == (text.contains("quoted") && !text.contains("x:") && !text.contains("text:") ? ["4"] : ids))
    } catch let error as FakeHost.Failure {
      #expect(error.description.hasPrefix("text: expected a word to look for"))
    }
    #expect(try await storage.ids() == ["5", "4", "3", "2", "1"])
    try await storage.host.stop()
  }

  @Test(arguments: ["newest", "oldest"], [1, 2, 3, 100])
  func `pages follow each other without a gap or a repetition`(order: String, limit: Int64) async throws {
    var found: [String] = []
    var query: JSONObject = ["order": .string(order), "limit": .int(limit)]
    repeat {
      let page = try await storage.ask("query", .object(query))
      let documents = page["documents"]?.arrayValue ?? []
      #expect((1...Int(limit)).contains(documents.count))
      found += documents.compactMap { $0["foreign_id"]?.stringValue }
      query["cursor"] = page["next"]
    } while query["cursor"] != nil
    let expected = ["1", "2", "3", "4", "5"]
    #expect(found == (order == "newest" ? expected.reversed() : expected))
    try await storage.host.stop()
  }

  @Test(arguments: ["query", "count"])
  func `a request that reads for too long is answered with an error, and the next one is served`(operation: String)
    async throws
  {
    for hundred in 0..<20 {
      let documents = (0..<100).map { number in
        JSON.object(["foreign_id": .string("many \(hundred) \(number)"), "text": "many"])
      }
      try await storage.ask("put", ["documents": .array(documents)])
    }
    var request = StorageFixture.request(operation, ["text": "many"])
    request.deadline = FakeHost.epoch - 1
    let error = await #expect(throws: FakeHost.Failure.self) { try await storage.host.request(request) }
    #expect(error?.description == "storage of echo/demo: expected an answer within 0.0 seconds, found none")
    request.deadline = FakeHost.epoch + 60_000_000_000
    #expect(try await storage.host.request(request) != .null)
    #expect(try await storage.ask("count", ["text": "many"]) == ["count": 2_000])
    try await storage.host.stop()
  }

  @Test func `an answer stays under 64 KiB however long the documents are`() async throws {
    // A text of quotes doubles in JSON, and the largest document still has to fit.
    for index in 0..<8 {
      let text = String(
        repeating: index.isMultiple(of: 2) ? "\"" : "x",
        count: index.isMultiple(of: 2) ? 32_000 : 64_000
      )
      _ = try await storage.put(["foreign_id": .string("long \(index)"), "created_at": 9_000, "text": .string(text)])
    }
    var query: JSONObject = ["since": 9_000]
    var found = 0
    repeat {
      let delivery = await storage.host.deliver(StorageFixture.request("query", .object(query)))
      guard case .response(let response) = await storage.host.outcome(of: delivery) else { break }
      #expect(!response.flags.contains(.error))
      #expect(response.payload.count <= 65_536)
      let page = try JSON.parse(response.payload)
      found += page["documents"]?.arrayValue?.count ?? 0
      query["cursor"] = page["next"]
    } while query["cursor"] != nil
    #expect(found == 8)
    try await storage.host.stop()
  }

  @Test func `the best have scores, and come without bodies if that is asked for`() async throws {
    let query: JSON = ["text": "emacs editor", "match": "any", "order": "best", "body": false, "limit": 1]
    let answer = try await storage.ask("query", query)
    let first = try #require(answer["documents"]?.arrayValue?.first)
    #expect(first["foreign_id"] == "1" && first["body"] == nil)
    #expect(try #require(first["score"]?.doubleValue) > 0)
    // Where a better one is behind there is no place to go on from.
    #expect(answer["next"] == nil)
    try await storage.host.stop()
  }
}
