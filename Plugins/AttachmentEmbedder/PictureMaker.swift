internal import PluginKit
internal import VectorKit

/// Has vectors made of pictures, each of which the embedder reads itself.
@PluginActor
struct PictureMaker: VectorMaker {
  /// Pictures of a request: with a tenth of a second for each it is answered in time.
  private static let imagesMax = 8
  /// Bytes of the vectors of an answer: an envelope's payload, less what tells the model and some reasons.
  private static let vectorsMax = 48 << 10

  let context: Context
  let model: String
  let collection = "attachments"

  func currentModel(for tenant: TenantName) async throws(HostError) -> JSON {
    try await context.embed(images: [], of: collection, model: model, for: tenant, priority: .backfill).model
  }

  func part(of items: ArraySlice<VectorItem>, dimension: Int) -> ArraySlice<VectorItem> {
    // Base64 of floats of four bytes, its quotes and a comma.
    let vector = (dimension * 4 + 2) / 3 * 4 + 3
    return items.prefix(max(1, min(Self.imagesMax, Self.vectorsMax / vector)))
  }

  func make(
    _ items: ArraySlice<VectorItem>,
    for tenant: TenantName,
    _ priority: EmbeddingPriority
  ) async throws(HostError) -> (model: JSON, made: [MadeVector]) {
    let images = items.map(\.content)
    let embedding = try await context.embed(
      images: images,
      of: collection,
      model: model,
      for: tenant,
      priority: priority
    )
    let made = zip(items, embedding.outcomes).map { item, outcome in
      switch outcome {
      case .vector(let vector): return MadeVector.vector(vector)
      case .refused(let reason, let isPassing):
        context.metrics.add("attachments_refused_total")
        let fields: JSONObject = ["attachment": .string(item.foreignID), "reason": .string(reason)]
        context.log.info(isPassing ? "a picture has no vector yet" : "a picture has no vector", fields)
        return isPassing ? .later : .never
      }
    }
    return (embedding.model, made)
  }
}
