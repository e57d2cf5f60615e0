internal import PluginKit

/// Has vectors made of texts, and stored.
@PluginActor
struct VectorWriter {
  /// A text and the document that it is of.
  struct Item {
    let foreignID: String
    let text: String
    /// SHA-256 of the text, in hexadecimal.
    let content: String
  }

  /// The collection that the messages lie in.
  static let collection = "messages"
  /// Bytes of a request to the storage: an envelope's payload, less what stands around the list.
  private static let requestMax = Envelope.payloadMax - 1_024
  /// Bytes of an item beside its vector and its id: keys, quotes, the digest.
  private static let itemFrame = 128
  /// The most texts of a request: with vectors of 384 numbers its answer has room for 31.
  private static let textsMax = 24

  let context: Context
  let model: String

  /// The model as the embedder has it now.
  func currentModel(for tenant: TenantName) async throws(HostError) -> JSON {
    // Any text would do: of one that it knows the embedder has the vector still.
    try await context.embed(["promethean"], model: model, for: tenant, priority: .backfill).model
  }

  /// Makes and stores vectors; returns how many the storage had not.
  func write(_ items: [Item], for tenant: TenantName, _ priority: EmbeddingPriority) async throws(HostError) -> Int {
    var written = 0
    var rest = items[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.textsMax)
      rest = rest.dropFirst(part.count)
      let embedding = try await context.embed(part.map(\.text), model: model, for: tenant, priority: priority)
      written += try await store(Array(zip(part, embedding.vectors)), embedding.model, for: tenant)
    }
    return written
  }

  private func store(
    _ vectors: [(item: Item, vector: String)],
    _ model: JSON,
    for tenant: TenantName
  ) async throws(HostError) -> Int {
    var written = 0
    var rest = vectors[...]
    while !rest.isEmpty {
      var room = Self.requestMax
      let part = rest.prefix { item, vector in
        room -= Self.itemFrame + JSON.string(item.foreignID).bytes().count + vector.utf8.count
        return room >= 0
      }
      // The first always goes: if it alone is too large, the answer says so.
      let taken = part.isEmpty ? rest.prefix(1) : part
      rest = rest.dropFirst(taken.count)
      let list: [JSON] = taken.map { item, vector in
        ["foreign_id": .string(item.foreignID), "content": .string(item.content), "vector": .string(vector)]
      }
      let answer = try await context.ask(
        "storage.vectors.put",
        for: tenant,
        resource: Self.collection,
        ["model": model, "vectors": .array(list)]
      )
      written += Int(answer["written"]?.intValue ?? 0)
    }
    return written
  }
}
