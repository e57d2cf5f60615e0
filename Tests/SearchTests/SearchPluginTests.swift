import PluginABI
import PluginKit
import Search
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct SearchPluginTests {
  private static let model: JSON = ["name": "m", "version": "1", "checksum": "sha256:a", "dimension": 3]

  private static func document(_ id: String) -> JSON {
    ["foreign_id": .string(id), "space": "lobby", "author": "ada", "created_at": 5, "text": .string("text of \(id)")]
  }

  /// A storage with three messages, of which "a" and "b" have the words and "b" and "c" the meaning.
  private static func serve(_ request: Envelope) -> FakeHost.Answer {
    let payload = (try? JSON.parse(request.payload)) ?? .null
    let operation = request.topic.split(separator: ".").suffix(3).joined(separator: ".")
    switch operation {
    case "storage.documents.query": return .response(["documents": [document("a"), document("b")]])
    case "storage.documents.get":
      let id = payload["foreign_id"]?.stringValue ?? ""
      return .response(["document": id == "gone" ? .null : document(id)])
    case "storage.vectors.models": return .response(["current": model, "building": []])
    case "storage.vectors.search":
      let found: [JSON] = [("b", 0.9), ("gone", 0.8), ("c", 0.7)].map {
        ["foreign_id": .string($0), "score": .double($1)]
      }
      return .response(["model": model, "matches": .array(found), "exact": true])
    case "embed.text.infer":
      return .response([
        "models": [["name": "m", "version": "1", "checksum": "sha256:a"]], "dimension": 3, "vectors": ["AAAA"],
      ])
    default: return .error("\(operation) is not known")
    }
  }

  private func search(_ payload: JSON, to host: FakeHost) async throws -> JSON {
    let topic = "promethean.p.echo.t.demo.search.messages"
    return try await host.request(Envelope(topic: topic, intent: "search.messages", payload: payload.bytes()))
  }

  private func ids(_ answer: JSON) -> [String] {
    answer["results"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
  }

  @Test func `what has the words and what means alike is one list`() async throws {
    let host = FakeHost(SearchPlugin.self, answer: Self.serve)
    try await host.boot()
    let answer = try await search(["text": "a question", "space": "lobby", "explain": true], to: host)
    #expect(ids(answer) == ["b", "a", "c"])
    #expect(answer["model"] == Self.model)
    let first = answer["results"]?.arrayValue?.first
    #expect(first?["text"] == "text of b")
    #expect(first?["explain"]?["word_rank"] == 2 && first?["explain"]?["vector_rank"] == 1)
    let asked = try host.record.requested.map { ($0.envelope.topic, try JSON.parse($0.envelope.payload)) }
    let words = asked.first { $0.0.hasSuffix("documents.query") }?.1
    #expect(words?["match"] == "any" && words?["order"] == "best" && words?["space"] == "lobby")
    let near = asked.first { $0.0.hasSuffix("vectors.search") }?.1
    #expect(near?["vector"] == "AAAA" && near?["space"] == "lobby" && near?["model"] == Self.model)
    #expect(host.record.requested.allSatisfy { $0.envelope.topic.hasPrefix("promethean.p.echo.t.demo.") })
    try await host.stop()
  }

  @Test func `no more are told than were asked for`() async throws {
    let host = FakeHost(SearchPlugin.self, answer: Self.serve)
    try await host.boot()
    #expect(ids(try await search(["text": "a question", "limit": 1], to: host)) == ["b"])
    try await host.stop()
  }

  @Test(
    arguments: [
      ("embed.text.infer", FakeHost.Answer.error("busy"), "busy"),
      ("storage.vectors.models", .response(["current": .null, "building": []]), "no message has a vector yet"),
      (
        "embed.text.infer",
        .response([
          "models": [["name": "m", "version": "2", "checksum": "sha256:b"]], "dimension": 3, "vectors": ["AAAA"],
        ]),
        "the embedder's m is another one"
      ),
    ]
  )
  func `without vectors the words alone are searched, and the answer says why`(
    operation: String,
    failing: FakeHost.Answer,
    why: String
  ) async throws {
    let host = FakeHost(SearchPlugin.self) { $0.topic.hasSuffix(operation) ? failing : Self.serve($0) }
    try await host.boot()
    let answer = try await search(["text": "a question"], to: host)
    #expect(ids(answer) == ["a", "b"])
    #expect(answer["model"] == .null)
    #expect(answer["without_vectors"]?.stringValue?.contains(why) == true)
    try await host.stop()
  }

  @Test(
    arguments: [
      ([], "payload: expected object, found empty array"),
      (["text": ""], #"text: expected words of 1 to 4096 bytes, found string """#),
      (["txt": "a"], "txt: unknown; known are author, explain, like, limit, since, space, text, thread, until"),
      (["text": "a", "limit": 51], "limit: expected integer from 1 to 50, found integer 51"),
      (["text": "a", "explain": "yes"], #"explain: expected boolean, found string "yes""#),
      (["like": ""], #"like: expected an id of 1 to 1024 bytes, found string """#),
      (["like": "a", "text": "b"], #"like: expected it without text, found string "b""#),
      (["like": "a", "explain": true], "explain: expected it beside text, found it beside like"),
    ] as [(JSON, String)]
  )
  func `what is no search is answered with what was expected and found`(payload: JSON, message: String) async throws {
    let host = FakeHost(SearchPlugin.self, answer: Self.serve)
    try await host.boot()
    let error = await #expect(throws: FakeHost.Failure.self) { try await search(payload, to: host) }
    #expect(error?.description.contains(message) == true)
    try await host.stop()
  }
}
