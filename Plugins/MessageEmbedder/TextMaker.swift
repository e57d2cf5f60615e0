internal import PluginKit
internal import VectorKit

/// Has vectors made of what messages say.
@PluginActor
struct TextMaker: VectorMaker {
  /// Bytes of JSON of the texts of a request, which holds one of the longest whatever is in it; the embedder takes 48 KiB.
  private static let textsMax = 40 << 10
  /// Bytes of the vectors of an answer: an envelope's payload, less what tells the model.
  private static let vectorsMax = 56 << 10

  let context: Context
  let model: String
  let collection = "messages"

  func currentModel(for tenant: TenantName) async throws(HostError) -> JSON {
    // Any text would do: of one that it knows the embedder has the vector still.
    try await context.embed(["promethean"], model: model, for: tenant, priority: .backfill).model
  }

  func part(of items: ArraySlice<VectorItem>, dimension: Int) -> ArraySlice<VectorItem> {
    // Base64 of floats of four bytes, its quotes and a comma.
    let vector = (dimension * 4 + 2) / 3 * 4 + 3
    var room = Self.textsMax
    let part = items.prefix(max(1, Self.vectorsMax / vector)).prefix { item in
      room -= JSON.string(item.text ?? "").bytes().count + 1
      return room >= 0
    }
    return part.isEmpty ? items.prefix(1) : part
  }

  func make(
    _ items: ArraySlice<VectorItem>,
    for tenant: TenantName,
    _ priority: EmbeddingPriority
  ) async throws(HostError) -> (model: JSON, made: [MadeVector]) {
    let texts = items.map { $0.text ?? "" }
    let embedding = try await context.embed(texts, model: model, for: tenant, priority: priority)
    // What is made of something else is none of a text's.
    let made = zip(items, embedding.vectors).map { item, vector in item.text == nil ? MadeVector.never : .vector(vector)
    }
    return (embedding.model, made)
  }
}
