internal import PluginKit

/// What requests for a model are answered with.
struct EmbedAnswer {
  /// Why there is no vector of a picture.
  struct Refusal: Hashable {
    let reason: String
    /// Whether it may be there when it is asked for again: nothing is wrong with the picture itself.
    let isPassing: Bool
  }

  /// Bytes of the largest answer.
  private static let sizeMax = 64 << 10
  /// Bytes that an answer has besides vectors and what tells the model, and some to spare.
  private static let frame = 256
  /// Bytes of a reason in an answer.
  private static let reasonMax = 256
  /// Bytes of a refusal, which takes the place of a vector, if each character of its reason is escaped as JSON may.
  private static let refusalMax = 64 + 6 * reasonMax

  let dimension: Int
  /// How many vectors an answer has room for.
  let countMax: Int
  /// The model, as a list of one: name, version, checksum.
  private let models: JSON

  init(_ name: String, _ model: any EmbeddingEngine, isOfPictures: Bool) {
    dimension = model.dimension
    models = [
      ["name": .string(name), "version": .string(model.version), "checksum": .string(model.checksum)]
    ]
    // A vector's text has quotes and a comma around it.
    let vector = (dimension * MemoryLayout<Float>.size + 2) / 3 * 4 + 3
    let each = isOfPictures ? max(vector, Self.refusalMax) : vector
    countMax = max(1, (Self.sizeMax - Self.frame - models.bytes().count) / each)
  }

  /// Vectors of texts.
  func response(_ vectors: [[Float]]) -> Response {
    Response(json: .object(members(vectors.map(Self.json))), models: models)
  }

  /// Vectors of pictures, null where there is none, and of each of these why.
  func response(_ images: [Result<[Float], Refusal>]) -> Response {
    var vectors: [JSON] = []
    var refused: [JSON] = []
    for (index, image) in images.enumerated() {
      switch image {
      case .success(let vector): vectors.append(Self.json(vector))
      case .failure(let refusal):
        vectors.append(.null)
        let reason = String(decoding: refusal.reason.utf8.prefix(Self.reasonMax), as: UTF8.self)
        refused.append([
          "index": .int(Int64(index)), "reason": .string(reason), "again": .bool(refusal.isPassing),
        ])
      }
    }
    var answer = members(vectors)
    answer["refused"] = .array(refused)
    return Response(json: .object(answer), models: models)
  }

  private func members(_ vectors: [JSON]) -> JSONObject {
    ["models": models, "dimension": .int(Int64(dimension)), "vectors": .array(vectors)]
  }

  private static func json(_ vector: [Float]) -> JSON {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vector.count * MemoryLayout<Float>.size)
    for number in vector {
      let bits = number.bitPattern
      for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    return .string(Base64.encode(bytes))
  }
}

extension EmbedAnswer.Refusal: Error {}
