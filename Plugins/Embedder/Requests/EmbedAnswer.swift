internal import PluginKit

/// What requests for a model are answered with.
struct EmbedAnswer {
  /// Bytes of the largest answer.
  private static let sizeMax = 64 << 10
  /// Bytes that an answer has besides vectors and what tells the model, and some to spare.
  private static let frame = 256

  let dimension: Int
  /// How many vectors an answer has room for.
  let textsMax: Int
  /// The model, as a list of one: name, version, checksum.
  private let models: JSON

  init(_ name: String, _ engine: any EmbeddingEngine) {
    dimension = engine.dimension
    models = [
      ["name": .string(name), "version": .string(engine.version), "checksum": .string(engine.checksum)]
    ]
    // A vector's text has quotes and a comma around it.
    let vector = (dimension * MemoryLayout<Float>.size + 2) / 3 * 4 + 3
    textsMax = max(1, (Self.sizeMax - Self.frame - models.bytes().count) / vector)
  }

  func response(_ vectors: [[Float]]) -> Response {
    let texts = vectors.map { vector in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(vector.count * MemoryLayout<Float>.size)
      for number in vector {
        let bits = number.bitPattern
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      }
      return JSON.string(Base64.encode(bytes))
    }
    return Response(
      json: ["models": models, "dimension": .int(Int64(dimension)), "vectors": .array(texts)],
      models: models
    )
  }
}
