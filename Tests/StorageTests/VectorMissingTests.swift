import PluginKit
import SQLite
import TestSupport
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorMissingTests {
  let storage: StorageFixture

  init() async throws {
    storage = try await StorageFixture()
    let documents = (1...5).map { number -> JSON in
      ["foreign_id": .string("\(number)"), "text": .string("text \(number)"), "created_at": .int(Int64(number) * 10)]
    }
    _ = try await storage.ask("put", ["documents": .array(documents)])
    _ = try await storage.put(["foreign_id": "no text", "created_at": 60], ["foreign_id": "empty", "text": ""])
  }

  private func embed(_ numbers: Int...) async throws {
    for number in numbers {
      _ = try await storage.put(vectors: Vectors.vector("\(number)", "text \(number)", [1, Float(number), 0]))
    }
  }

  @Test(arguments: [false, true])
  func `what lacks a vector is told in the order of time, whether the model is known or not`(isKnown: Bool) async throws
  {
    if isKnown { try await embed(3) }
    let rest = isKnown ? ["5", "4", "2", "1"] : ["5", "4", "3", "2", "1"]
    #expect(try await storage.missing() == rest)
    #expect(try await storage.missing(Vectors.model, ["order": "newest"]) == rest)
    #expect(try await storage.missing(Vectors.model, ["order": "oldest"]) == rest.reversed())
    try await storage.host.stop()
  }

  @Test func `it comes with the text and its digest, by which the vector is put`() async throws {
    let answer = try await storage.ask("vectors.missing", ["model": Vectors.model, "limit": 1])
    #expect(
      answer["documents"] == [["foreign_id": "5", "text": "text 5", "content": Vectors.content("text 5")]]
    )
    try await storage.host.stop()
  }

  @Test func `to ask for what is missing writes nothing`() async throws {
    _ = try await storage.missing()
    #expect(try await storage.ask("vectors.models", [:]) == ["current": nil, "building": []])
    try await storage.host.stop()
  }

  @Test(arguments: ["newest", "oldest"], [false, true])
  func `pages follow each other, while vectors come in between`(order: String, isKnown: Bool) async throws {
    if isKnown { try await embed(3) }
    var request: JSONObject = ["model": Vectors.model, "order": .string(order), "limit": 2]
    var found: [String] = []
    repeat {
      let page = try await storage.ask("vectors.missing", .object(request))
      let ids = page["documents"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
      found += ids
      for id in ids { try await embed(Int(id) ?? 0) }
      request["cursor"] = page["next"]
    } while request["cursor"] != nil
    let expected = isKnown ? ["1", "2", "4", "5"] : ["1", "2", "3", "4", "5"]
    #expect(found == (order == "newest" ? expected.reversed() : expected))
    #expect(try await storage.missing() == [])
    try await storage.host.stop()
  }

  @Test func `a document that turns out to be older is missing in its new place`() async throws {
    try await embed(1)
    _ = try await storage.put(["foreign_id": "5", "revision": 1, "created_at": 15])
    #expect(try await storage.missing() == ["4", "3", "2", "5"])
    try await storage.host.stop()
  }

  @Test func `an answer stays under 64 KiB however long the texts are`() async throws {
    for number in 0..<5 {
      let text = String(repeating: number.isMultiple(of: 2) ? "\"" : "x", count: 32_000)
      _ = try await storage.put(["foreign_id": .string("long \(number)"), "text": .string(text)])
    }
    var request: JSONObject = ["model": Vectors.model]
    var found = 0
    repeat {
      let delivery = await storage.host.deliver(StorageFixture.request("vectors.missing", .object(request)))
      guard case .response(let response) = await storage.host.outcome(of: delivery) else { break }
      #expect(!response.flags.contains(.error) && response.payload.count <= 65_536)
      let page = try JSON.parse(response.payload)
      found += page["documents"]?.arrayValue?.count ?? 0
      request["cursor"] = page["next"]
    } while request["cursor"] != nil
    #expect(found == 10)
    try await storage.host.stop()
  }

  @Test(arguments: ["newest", "oldest"], [nil, "5.5"])
  func `what is missing is looked up, and not looked for`(order: String, cursor: String?) async throws {
    try await embed(1)
    let store = try DocumentStore(path: storage.directory.file("echo.demo.sqlite"), synchronous: .full)
    var request: JSONObject = ["model": Vectors.model, "order": .string(order)]
    request["cursor"] = cursor.map { .string($0) }
    let (sql, values) = VectorStore.selection(
      "messages",
      try VectorGap(.object(request)),
      try store.vectors.models(of: "messages").first
    )
    var plan: [String] = []
    try store.database.prepare("EXPLAIN QUERY PLAN " + sql).forEach(binding: values) { (row) throws(SQLiteError) in
      plan.append(try row.get(3))
      return true
    }
    #expect(plan.count == 2 && plan[0].contains("INDEX unembedded_by_time"), "\(plan)")
    try await storage.host.stop()
  }

  @Test func `what happens to documents and vectors in any order leaves exactly what lacks one missing`() async throws {
    var random = SeededRandom(seed: 21)
    var texts: [String: String?] = [:]
    var vectors: [String: String] = [:]
    for step in 0..<400 {
      let id = "r\(Int.random(in: 0..<12, using: &random))"
      let text = ["x", "y", ""].randomElement(using: &random) ?? ""
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        _ = try await storage.put(["foreign_id": .string(id), "text": .string(text)])
        texts[id] = text
        if vectors[id] != text { vectors[id] = nil }
      case 2, 3:
        let answer = try await storage.put(vectors: Vectors.vector(id, text, [1, Float(step), 0]))
        // Of a document that was deleted none is taken, nor of another text.
        let isTaken = texts[id].map { $0 == text } ?? true
        #expect(answer["stale"] == (isTaken ? 0 : 1))
        if isTaken { vectors[id] = text }
      case 4:
        try await storage.ask("delete", ["foreign_ids": [.string(id)]])
        texts[id] = .some(nil)
        vectors[id] = nil
      default:
        try await storage.ask("vectors.delete", ["foreign_ids": [.string(id)]])
        vectors[id] = nil
      }
      guard try await storage.ask("vectors.models", [:])["current"] != .null else { continue }
      let lacking = texts.compactMap { id, text in text.flatMap { $0.isEmpty || vectors[id] == $0 ? nil : id } }
      #expect(Set(try await storage.missing()) == Set(lacking + ["1", "2", "3", "4", "5"]))
      #expect(try await storage.ask("vectors.count", [:]) == ["count": .int(Int64(vectors.count))])
    }
    try await storage.host.stop()
  }
}
