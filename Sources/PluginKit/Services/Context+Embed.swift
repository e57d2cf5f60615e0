public import Envelope

/// Vectors of texts, and the model that made them.
public struct Embedding: Sendable, Hashable {
  /// The model: `name`, `version`, `checksum` and `dimension`, as `storage.vectors` wants it.
  public let model: JSON
  /// For each text in its order, base64 of its numbers as little-endian floats of 4 bytes, of unit length.
  public let vectors: [String]

  /// How many numbers each vector has.
  public var dimension: Int { Int(model["dimension"]?.intValue ?? 0) }

  init?(_ answer: JSON, texts: Int) {
    guard let model = Self.model(of: answer), let vectors = answer["vectors"]?.arrayValue, vectors.count == texts else {
      return nil
    }
    self.model = model
    self.vectors = vectors.compactMap(\.stringValue)
    guard self.vectors.count == texts else { return nil }
  }

  /// The model that an answer names, as `storage.vectors` wants it.
  static func model(of answer: JSON) -> JSON? {
    guard let made = answer["models"]?.arrayValue?.first?.objectValue, let dimension = answer["dimension"]?.intValue,
      dimension > 0
    else { return nil }
    var model: JSONObject = ["dimension": .int(dimension)]
    for key in ["name", "version", "checksum"] {
      guard let text = made[key]?.stringValue else { return nil }
      model[key] = .string(text)
    }
    return .object(model)
  }
}

/// What is embedded first when much is asked for.
public enum EmbeddingPriority: String, Sendable {
  /// Somebody waits for it now.
  case live
  /// It is of the past, and computed when nothing live waits.
  case backfill
}

extension Context {
  /// Bytes of a text that a model reads at most, and more: one that is longer is cut before it travels.
  ///
  /// Models read some hundred words; with this a request holds several of the longest texts.
  private nonisolated static let embeddedBytesMax = 8 << 10

  /// Has vectors made of texts, by the grant `embed.text` for the model.
  ///
  /// - Parameters:
  ///   - texts: As many as an answer of 64 KiB has room for: 31 with vectors of 384 numbers.
  ///   - model: The name of a model of the embedder's.
  ///   - tenant: For whom.
  ///   - priority: What is computed first.
  /// - Returns: A vector for each text, and what made them.
  /// - Throws: A `HostError` if it was denied or there is no answer.
  public func embed(
    _ texts: [String],
    model: String,
    for tenant: TenantName,
    priority: EmbeddingPriority = .live
  ) async throws(HostError) -> Embedding {
    let payload: JSON = [
      "texts": .array(texts.map { .string(Self.beginning(of: $0)) }), "priority": .string(priority.rawValue),
    ]
    let answer = try await ask("embed.text.infer", for: tenant, resource: model, payload)
    guard let embedding = Embedding(answer, texts: texts.count) else {
      throw HostError(.failed, "embed.text.infer: expected a model and \(texts.count) vectors, found \(answer.summary)")
    }
    return embedding
  }

  private nonisolated static func beginning(of text: String) -> String {
    guard text.utf8.count > embeddedBytesMax else { return text }
    return String(decoding: text.utf8.prefix(embeddedBytesMax), as: UTF8.self)
  }
}
