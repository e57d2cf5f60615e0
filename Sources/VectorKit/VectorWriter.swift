package import PluginKit

/// Has vectors made, and stored.
@PluginActor
package struct VectorWriter {
  /// Bytes of a request to the storage: an envelope's payload, less what stands around the list.
  private static let requestMax = Envelope.payloadMax - 1_024
  /// Bytes of an item beside its vector and its id: keys, quotes, the digest.
  private static let itemFrame = 128

  let context: Context
  let maker: any VectorMaker

  /// Writes what `maker` makes.
  package init(context: Context, maker: any VectorMaker) {
    (self.context, self.maker) = (context, maker)
  }

  /// Makes and stores vectors, of so many numbers each; returns how many the storage had not.
  ///
  /// - Throws: What the embedder or the storage could not do; what was stored before stays.
  package func write(
    _ items: [VectorItem],
    dimension: Int,
    for tenant: TenantName,
    _ priority: EmbeddingPriority
  ) async throws(HostError) -> Int {
    var written = 0
    var rest = items[...]
    while !rest.isEmpty {
      let part = maker.part(of: rest, dimension: dimension)
      rest = rest.dropFirst(part.count)
      let (model, made) = try await maker.make(part, for: tenant, priority)
      let list = zip(part, made).compactMap(Self.json)
      written += try await store(list, model, for: tenant)
    }
    return written
  }

  /// What the storage is told of an item; nil if that is nothing yet.
  private static func json(_ item: VectorItem, _ made: MadeVector) -> JSON? {
    let vector: JSON
    switch made {
    case .vector(let text): vector = .string(text)
    case .never: vector = .null
    case .later: return nil
    }
    return ["foreign_id": .string(item.foreignID), "content": .string(item.content), "vector": vector]
  }

  private func store(_ vectors: [JSON], _ model: JSON, for tenant: TenantName) async throws(HostError) -> Int {
    var written = 0
    var rest = vectors[...]
    while !rest.isEmpty {
      var room = Self.requestMax
      let part = rest.prefix { vector in
        room -= Self.itemFrame + Self.size(vector)
        return room >= 0
      }
      // The first always goes: if it alone is too large, the answer says so.
      let taken = part.isEmpty ? rest.prefix(1) : part
      rest = rest.dropFirst(taken.count)
      let answer = try await context.ask(
        "storage.vectors.put",
        for: tenant,
        resource: maker.collection,
        ["model": model, "vectors": .array(Array(taken))]
      )
      written += Int(answer["written"]?.intValue ?? 0)
    }
    return written
  }

  private static func size(_ vector: JSON) -> Int {
    (vector["foreign_id"]?.bytes().count ?? 0) + (vector["vector"]?.stringValue?.utf8.count ?? 0)
  }
}
