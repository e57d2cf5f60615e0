import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorRequestTests {
  private static let one = Vectors.vector("a", "one", [1, 0, 0])
  private static let digits = "expected the SHA-256 of the text in 64 lower-case digits, found "

  private static func vector(_ changes: JSONObject) -> JSON {
    var vector = one.objectValue ?? [:]
    for (key, value) in changes { vector[key] = value }
    return ["model": Vectors.model, "vectors": [.object(vector)]]
  }

  private static func model(_ key: String, _ value: JSON) -> JSON {
    var model = Vectors.model.objectValue ?? [:]
    model[key] = value
    return ["model": .object(model), "vectors": []]
  }

  @Test(
    arguments: [
      ("put", [:], "model: expected a value, found nothing"),
      ("put", ["model": Vectors.model], "vectors: expected array, found nothing"),
      ("put", ["model": 7, "vectors": []], "model: expected object, found integer 7"),
      ("put", model("dimension", 0), "model.dimension: expected integer from 1 to 4096, found integer 0"),
      ("put", model("dimension", 4_097), "model.dimension: expected integer from 1 to 4096, found integer 4097"),
      ("put", model("version", nil), "model.version: expected a value, found null"),
      (
        "put", model("name", .string(String(repeating: "x", count: 257))),
        "model.name: expected 1 to 256 bytes, found 257"
      ),
      (
        "put", model("tenant", "other"),
        "model.tenant: unknown; known are checksum, dimension, name, version"
      ),
      ("put", vector(["foreign_id": nil]), "vectors[0].foreign_id: expected a value, found null"),
      ("put", vector(["content": "abc"]), "vectors[0].content: \(digits)string \"abc\""),
      ("put", vector(["content": nil]), "vectors[0].content: \(digits)null"),
      (
        "put", vector(["vector": [1, 0, 0]]),
        "vectors[0].vector: expected string, found array"
      ),
      (
        "put", vector(["vector": "AA=A"]),
        "vectors[0].vector: expected little-endian floats in base64, found string \"AA=A\""
      ),
      ("put", vector(["vector": "AAAA"]), "vectors[0].vector: expected 3 floats of 4 bytes, found 3 bytes"),
      (
        "put", vector(["vector": Vectors.base64([1, 0])]),
        "vectors[0].vector: expected 3 floats of 4 bytes, found 2"
      ),
      (
        "put", vector(["vector": Vectors.base64([1, .nan, 0])]),
        "vectors[0].vector: expected finite numbers, found nan at 1"
      ),
      (
        "put", vector(["vector": Vectors.base64([0, 0, 0])]),
        "vectors[0].vector: expected a direction, found zeros alone"
      ),
      ("put", vector(["model": "x"]), "vectors[0].model: unknown; known are content, foreign_id, vector"),
      ("delete", [:], "foreign_ids: expected array, found nothing"),
      ("delete", ["foreign_ids": [], "revision": 1], "revision: unknown; known are foreign_ids"),
      ("missing", [:], "model: expected a value, found nothing"),
      (
        "missing", ["model": Vectors.model, "limit": 1_001],
        "limit: expected integer from 1 to 1000, found integer 1001"
      ),
      (
        "missing", ["model": Vectors.model, "cursor": "x"],
        "cursor: expected what an answer gave as next, found string \"x\""
      ),
      ("search", [:], "vector: expected little-endian floats in base64, found nothing"),
      (
        "search", ["vector": Vectors.base64([1, 0])],
        "vector: expected 3 floats of 4 bytes, found 2 (the model is first 1 (3 elements, c0ffee))"
      ),
      (
        "search", ["vector": Vectors.base64([1, 0, 0]), "limit": 101],
        "limit: expected integer from 1 to 100, found integer 101"
      ),
      (
        "search", ["vector": Vectors.base64([1, 0, 0]), "ef": 0],
        "ef: expected integer from 1 to 8192, found integer 0"
      ),
      (
        "search", ["vector": Vectors.base64([1, 0, 0]), "text": "one"],
        "text: unknown; known are author, ef, like, limit, model, since, space, thread, until, vector"
      ),
      (
        "search", ["vector": Vectors.base64([1, 0, 0]), "model": Vectors.other],
        "model: expected first 1 (3 elements, c0ffee), the current one, found second 1 (3 elements, c0ffee)"
      ),
      ("models", ["x": 1], "x: unknown; known are "),
      (
        "drop", [:],
        "topic: expected vectors.put, delete, missing, search, models or count, found vectors.drop"
      ),
    ] as [(String, JSON, String)]
  )
  func `a request that is wrong is answered with what is wrong`(
    operation: String,
    payload: JSON,
    message: String
  ) async throws {
    let storage = try await StorageFixture()
    _ = try await storage.put(vectors: Self.one)
    let refusal = await storage.refusal("vectors.\(operation)", payload)
    #expect(refusal == message)
    #expect(try await storage.ask("vectors.count", [:]) == ["count": 1])
    try await storage.host.stop()
  }

  @Test func `without any vector nothing is near, and a model that is named is not there`() async throws {
    let storage = try await StorageFixture()
    #expect(
      try await storage.ask("vectors.search", ["vector": Vectors.base64([1])])
        == ["model": nil, "matches": [], "exact": true]
    )
    #expect(try await storage.ask("vectors.count", [:]) == ["count": 0])
    #expect(
      await storage.refusal("vectors.search", ["vector": Vectors.base64([1, 0, 0]), "model": Vectors.model])
        == "model: expected one that has vectors, found first 1 (3 elements, c0ffee); there is none"
    )
    try await storage.host.stop()
  }

  @Test func `bytes of any kind are answered with an error`() async throws {
    let storage = try await StorageFixture()
    var random = SeededRandom(seed: 11)
    let good = Self.vector([:]).bytes()
    for operation in ["put", "delete", "missing", "search", "models", "count"] {
      for _ in 0..<50 {
        var request = StorageFixture.request("vectors.\(operation)", [:])
        request.payload = good
        for _ in 0..<3 {
          request.payload[Int.random(in: good.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        _ = try? await storage.host.request(request)
      }
    }
    _ = try await storage.ask("vectors.models", [:])
    try await storage.host.stop()
  }

  @Test func `an answer of long ids stays under 64 KiB`() async throws {
    let storage = try await StorageFixture()
    for number in 0..<100 {
      let id = String(repeating: "\"", count: 1_000) + "\(number)"
      _ = try await storage.put(["foreign_id": .string(id), "text": "x"])
      _ = try await storage.put(vectors: Vectors.vector(id, "x", [1, Float(number), 0]))
    }
    let delivery = await storage.host.deliver(
      StorageFixture.request("vectors.search", ["vector": Vectors.base64([1, 0, 0]), "limit": 100])
    )
    guard case .response(let response) = await storage.host.outcome(of: delivery) else { return }
    #expect(!response.flags.contains(.error) && response.payload.count <= 65_536)
    #expect((try JSON.parse(response.payload)["matches"]?.arrayValue?.count ?? 0) > 20)
    try await storage.host.stop()
  }
}
