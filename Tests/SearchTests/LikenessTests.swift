import PluginABI
import PluginKit
import Search
import TestSupport
import Testing

/// Attachments that look like others.
@Suite(.timeLimit(.minutes(Patience.minutes)))
struct LikenessTests {
  private static let model: JSON = ["name": "m", "version": "1", "checksum": "image-descriptor:1", "dimension": 3]

  private static func document(_ id: String) -> JSON {
    let message = JSON.string(String(id.prefix { $0 != ":" }))
    let isPicture = !id.hasSuffix("words")
    return [
      "foreign_id": .string(id), "space": "lobby", "author": "ada", "thread": message, "created_at": 5,
      "content": isPicture ? "digest" : nil,
      "body": ["message_id": message, "filename": .string("\(id).png"), "type": "image/png", "sha256": "digest"],
    ]
  }

  /// A storage in which `m1` has the pictures `a` and `b` and some words, `m2` a picture without a vector, `m6` ten words
  /// before twelve pictures.
  private static func serve(_ request: Envelope) -> FakeHost.Answer {
    let payload = (try? JSON.parse(request.payload)) ?? .null
    guard request.resource == "attachments" else { return .error("another collection") }
    switch request.topic.split(separator: ".").suffix(2).joined(separator: ".") {
    case "documents.get":
      let id = payload["foreign_id"]?.stringValue ?? ""
      return .response(["document": id.contains(":") && !id.hasSuffix("gone") ? document(id) : .null])
    case "documents.query":
      let message = payload["thread"]?.stringValue ?? ""
      let many = (0..<10).map { "\($0)words" } + (0..<12).map { "p\($0)" }
      let parts = ["m1": ["a", "b", "words"], "m2": ["c"], "m6": many][message] ?? []
      let limit = Int(payload["limit"]?.intValue ?? 0)
      return .response(["documents": .array(parts.prefix(limit).map { document("\(message):\($0)") })])
    case "vectors.search":
      let found: [(String, Double)]
      switch payload["like"]?.stringValue {
      case "m1:a": found = [("m1:a", 1), ("m3:x", 0.9), ("m4:gone", 0.85), ("m1:b", 0.8), ("m5:y", 0.2)]
      case "m1:b": found = [("m1:b", 1), ("m5:y", 0.95), ("m1:a", 0.8), ("m3:x", 0.1)]
      case let picture? where picture.hasPrefix("m6:p"): found = [("\(picture.dropFirst(4)):near", 0.9)]
      default: return .error("like: expected a document with a vector")
      }
      let matches = found.map { ["foreign_id": .string($0.0), "score": .double($0.1)] as JSON }
      return .response(["model": model, "matches": .array(matches), "exact": true])
    default: return .error("unexpected")
    }
  }

  private func search(_ payload: JSON, _ answer: @escaping @Sendable (Envelope) -> FakeHost.Answer = serve) async throws
    -> JSON
  {
    let host = FakeHost(SearchPlugin.self, answer: answer)
    try await host.boot()
    let topic = "promethean.p.echo.t.demo.search.messages"
    let found: Result<JSON, any Error>
    do {
      found = .success(
        try await host.request(Envelope(topic: topic, intent: "search.messages", payload: payload.bytes()))
      )
    } catch {
      found = .failure(error)
    }
    #expect(host.record.requested.allSatisfy { $0.envelope.topic.hasPrefix("promethean.p.echo.t.demo.storage.") })
    try await host.stop()
    return try found.get()
  }

  private func ids(_ answer: JSON) -> [String] {
    answer["results"]?.arrayValue?.compactMap { $0["foreign_id"]?.stringValue } ?? []
  }

  @Test func `what looks like an attachment comes best first, without itself and what is gone`() async throws {
    let answer = try await search(["like": "m1:a"])
    #expect(ids(answer) == ["m3:x", "m1:b", "m5:y"])
    #expect(answer["model"] == Self.model && answer["without_vectors"] == nil)
    #expect(
      answer["results"]?.arrayValue?.first == [
        "foreign_id": "m3:x", "score": 0.9, "space": "lobby", "author": "ada", "thread": "m3", "created_at": 5,
        "message_id": "m3", "filename": "m3:x.png", "type": "image/png", "sha256": "digest",
      ]
    )
    #expect(ids(try await search(["like": "m1:a", "limit": 1])) == ["m3:x"])
  }

  @Test func `of a message all pictures count, each result by the one that it is most like`() async throws {
    let answer = try await search(["like": "m1"])
    #expect(ids(answer) == ["m5:y", "m3:x"])
    #expect(answer["results"]?.arrayValue?.map { $0["score"] } == [0.95, 0.9])
  }

  @Test func `of a message the first ten pictures count, whatever is attached before them`() async throws {
    let answer = try await search(["like": "m6", "limit": 50])
    #expect(ids(answer) == (0..<10).map { "\($0):near" })
  }

  @Test(
    arguments: [
      ("m1:words", #"like: expected an attachment that is a picture, or a message with one, found string "m1:words""#),
      ("m9", #"like: expected an attachment that is a picture, or a message with one, found string "m9""#),
      ("m2", "like: expected a document with a vector (failed)"),
    ]
  )
  func `what nothing can be compared with is said`(id: String, words: String) async throws {
    let error = await #expect(throws: FakeHost.Failure.self) { try await search(["like": .string(id)]) }
    #expect(error?.description == words)
  }

  @Test func `before there is any vector nothing is found, and the answer says why`() async throws {
    let answer = try await search(["like": "m1:a"]) { request in
      request.topic.hasSuffix("vectors.search")
        ? .response(["model": nil, "matches": [], "exact": true]) : Self.serve(request)
    }
    #expect(answer == ["results": [], "model": nil, "without_vectors": "no picture has a vector yet"])
  }
}
