import Envelope
import Foundation
import Glibc
import Host
import TestSupport
import Testing

extension EndToEnd {
  /// Texts become vectors through the real host, runner and sandbox.
  @Suite struct EmbedderTests {
    private static let topic = "promethean.p.echo.t.demo.embed.text.infer"

    /// A deployment of the embedder, with these lines among its own.
    private static func manifest(grants: String = "", config: String = "") -> String {
      """
      version: 1
      host: { http: { enabled: false } }
      tenants: [{ provider: echo, tenant: demo }]
      plugins:
        embedder:
          library: Embedder
          trust: \(TestHost.trust)
          tenants: ["*/*"]
          grants: { \(grants)clock: {}, log: {}, metrics: {} }
          limits: { memory: 256MiB, in_flight: 256 }
          config: { \(config) }
      """
    }

    private func vector(_ answer: JSON?, _ index: Int = 0) throws -> [Float] {
      let text = try #require(answer?["vectors"]?.arrayValue?[index].stringValue)
      let bytes = Array(try #require(Data(base64Encoded: text)))
      return stride(from: 0, to: bytes.count, by: 4).map { start in
        Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    }

    private func cosine(_ left: [Float], _ right: [Float]) -> Float { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

    @Test func `without a model texts are hashed, and an answer says by what`() throws {
      let host = try TestHost(Self.manifest())
      try host.start()
      let texts: JSON = ["texts": ["reindeer eat moss", "Reindeer eat moss!", "a keyboard"], "priority": "backfill"]
      let answer = try host.client().request(Self.topic, texts, resource: "feature-hashing")
      let data = answer["data"]
      #expect(data?["models"] == [["name": "feature-hashing", "version": "1", "checksum": "rules:1"]], "\(answer)")
      #expect(data?["dimension"] == 384)
      let vectors = try (0..<3).map { try vector(data, $0) }
      #expect(cosine(vectors[0], vectors[1]) > 0.999 && cosine(vectors[0], vectors[2]) < 0.5)
      #expect(try host.stop() == .status(0))
    }

    @Test func `a model computes in the sandbox, which lets nothing be made executable`() throws {
      guard ModelReference.isThere() else { return }
      let name = ModelReference.name
      let config = """
        threads: 2, models: [{ name: feature-hashing }, { name: \(name), engine: transformer, version: "1110a243" }]
        """
      let host = try TestHost(Self.manifest(grants: "fs.read: [models], ", config: config))
      try host.installModel()
      try host.start()
      let texts: JSON = ["texts": ["A man is eating food.", "Someone eats a meal.", "The sky is cloudy."]]
      let answer = try host.client().request(Self.topic, texts, resource: name)
      let model = answer["data"]?["models"]?.arrayValue?.first
      #expect(model?["name"] == .string(name) && model?["version"] == "1110a243", "\(answer)")
      let vectors = try (0..<3).map { try vector(answer["data"], $0) }
      #expect(cosine(vectors[0], vectors[1]) > 0.5 && cosine(vectors[0], vectors[2]) < 0.3)
      // The other model serves beside it, and a text of any length is one of as many tokens as the model takes.
      let hashed = try host.client().request(Self.topic, texts, resource: "feature-hashing")
      #expect(hashed["data"]?["dimension"] == 384)
      let long: JSON = ["texts": [.string(String(repeating: "many words ", count: 4_000))]]
      #expect(try vector(host.client().request(Self.topic, long, resource: name)["data"]).count == 384)
      #expect(try host.stop() == .status(0))
    }
  }
}
