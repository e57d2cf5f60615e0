import PluginKit
import TestSupport
import Testing
import Transformer

@testable import Embedder

@Suite(.timeLimit(.minutes(Patience.minutes))) struct EngineTests {
  private func hash(_ texts: [String]) throws -> [[Float]] {
    try FeatureHashing().makeWorker().vectors(of: texts)
  }

  private func cosine(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(arguments: [
    ("", "b92458d68661e39b"),
    ("Hello, World!", "fa038cc5894b0d63"),
    ("naïve café 中文 Σίσυφος", "a36b65faa15872d4"),
  ])
  func `a text's hashed vector is the same on every machine`(text: String, digest: String) throws {
    let bytes = try hash([text])[0].flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
    }
    #expect(Hex.encode(SHA256.digest(bytes).prefix(8)) == digest)
  }

  @Test func `texts that share words are nearer than others`() throws {
    let vectors = try hash([
      "The reindeer eat moss in the winter", "Reindeers ate the moss in winter", "My keyboard has a broken key",
    ])
    #expect(cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.2)
    #expect(cosine(vectors[0], vectors[1]) > cosine(vectors[1], vectors[2]) + 0.2)
    #expect(try hash(["CASE and, marks!"]) == hash(["case AND marks"]))
  }

  @Test func `a model's vectors put what means the same together, and cut what is too long`() throws {
    guard ModelReference.isThere() else { return }
    let engine = try TransformerEngine(
      directory: ModelReference.directory,
      version: nil,
      pooling: .mean,
      tokensMax: 256
    )
    #expect(engine.dimension == 384)
    #expect(engine.checksum == "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
    #expect(engine.version == "53aa51172d14")
    let worker = try engine.makeWorker()
    let vectors = try worker.vectors(of: ["A man is eating food.", "Someone eats a meal.", "The sky is cloudy.", ""])
    #expect(cosine(vectors[0], vectors[1]) > 0.5 && cosine(vectors[0], vectors[2]) < 0.3)
    // Two of which the first 254 tokens are the same are the same.
    let words = Array(repeating: "word", count: 254).joined(separator: " ")
    let long = try worker.vectors(of: [words, words + " and many more of which none is read"])
    #expect(long[0] == long[1])
  }
}
