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
  /// Bytes of JSON of the texts of a request, which holds one of the longest whatever is in it; the embedder takes 48 KiB.
  private static let textsMax = 40 << 10
  /// Bytes of the vectors of an answer: an envelope's payload, less what tells the model.
  private static let vectorsMax = 56 << 10

  let context: Context
  let model: String

  /// The model as the embedder has it now.
  func currentModel(for tenant: TenantName) async throws(HostError) -> JSON {
    // Any text would do: of one that it knows the embedder has the vector still.
    try await context.embed(["promethean"], model: model, for: tenant, priority: .backfill).model
  }

  /// As many as one request and its answer have room for, and one at least.
  private static func request(of items: ArraySlice<Item>, dimension: Int) -> ArraySlice<Item> {
    // Base64 of floats of four bytes, its quotes and a comma.
    let vector = (dimension * 4 + 2) / 3 * 4 + 3
    var room = textsMax
    let part = items.prefix(max(1, vectorsMax / vector)).prefix { item in
      room -= JSON.string(item.text).bytes().count + 1
      return room >= 0
    }
    return part.isEmpty ? items.prefix(1) : part
  }

  /// Makes and stores vectors, of so many numbers each; returns how many the storage had not.
  func write(
    _ items: [Item],
    dimension: Int,
    for tenant: TenantName,
    _ priority: EmbeddingPriority
  ) async throws(HostError) -> Int {
    var written = 0
    var rest = items[...]
    while !rest.isEmpty {
      let part = Self.request(of: rest, dimension: dimension)
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
