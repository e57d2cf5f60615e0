public import Envelope

/// Vectors of pictures, and the model that made them.
public struct ImageEmbedding: Sendable, Hashable {
  /// What has come of one picture.
  public enum Outcome: Sendable, Hashable {
    /// Base64 of its numbers as little-endian floats of 4 bytes, of unit length.
    case vector(String)
    /// Nothing, for that reason; `isPassing`: it may be made when it is asked for again.
    case refused(String, isPassing: Bool)
  }

  /// The model: `name`, `version`, `checksum` and `dimension`, as `storage.vectors` wants it.
  public let model: JSON
  /// For each picture in its order.
  public let outcomes: [Outcome]

  init?(_ answer: JSON, images: Int) {
    guard let model = Embedding.model(of: answer), let vectors = answer["vectors"]?.arrayValue, vectors.count == images
    else { return nil }
    var outcomes: [Outcome?] = vectors.map { $0.stringValue.map(Outcome.vector) }
    for refused in answer["refused"]?.arrayValue ?? [] {
      guard let index = refused["index"]?.intValue.map(Int.init), outcomes.indices.contains(index),
        let reason = refused["reason"]?.stringValue
      else { return nil }
      outcomes[index] = .refused(reason, isPassing: refused["again"]?.boolValue ?? true)
    }
    self.model = model
    self.outcomes = outcomes.compactMap(\.self)
    guard self.outcomes.count == images else { return nil }
  }
}

extension Context {
  /// Has vectors made of pictures that the storage has of the tenant, by the grant `embed.image` for the model.
  ///
  /// - Parameters:
  ///   - images: The SHA-256 of each, in 64 lower-case digits; none: only the model is told. At most 32, fewer where vectors
  ///     are long.
  ///   - collection: The collection of the blobs, which the embedder is granted to read.
  ///   - model: The name of a model of the embedder's.
  ///   - tenant: For whom.
  ///   - priority: What is computed first.
  /// - Returns: What has come of each, and what made them.
  /// - Throws: A `HostError` if it was denied or there is no answer; what is wrong with a picture is its outcome.
  public func embed(
    images: [String],
    of collection: String,
    model: String,
    for tenant: TenantName,
    priority: EmbeddingPriority = .live
  ) async throws(HostError) -> ImageEmbedding {
    let list = images.map { ["collection": .string(collection), "sha256": .string($0)] as JSON }
    let payload: JSON = ["images": .array(list), "priority": .string(priority.rawValue)]
    let answer = try await ask("embed.image.infer", for: tenant, resource: model, payload)
    guard let embedding = ImageEmbedding(answer, images: images.count) else {
      let expected = "expected a model and \(images.count) vectors or reasons"
      throw HostError(.failed, "embed.image.infer: \(expected), found \(answer.summary)")
    }
    return embedding
  }
}
