internal import PluginKit

/// Asks the storage and the embedder for what one search needs.
@PluginActor
struct Lookup {
  /// What was found by meaning, nearest first, and the model by which.
  struct Near: Sendable {
    let model: JSON
    let matches: [(foreignID: String, similarity: Double)]
  }

  /// The collection that the messages lie in.
  private static let collection = "messages"
  /// How many are looked for in each way: what is below them in both would not be shown.
  private static let depth: Int64 = 100

  let context: Context
  let tenant: TenantName

  /// What a document scores at least in each way, as a part of what the best one does.
  ///
  /// Places alone do not tell what is good from what is merely next: what has only words that nearly all have, or is no
  /// nearer than anything else, would stand in both lists, and before what is first in one.
  private static let least = (words: 0.5, similarity: 0.7)

  /// The documents that have some of the words, best first, without their bodies.
  func words(_ text: String, _ request: SearchRequest) async throws(HostError) -> [JSON] {
    var payload = request.filter
    payload["text"] = .string(text)
    payload["match"] = "any"
    payload["order"] = "best"
    payload["limit"] = .int(Self.depth)
    payload["body"] = false
    let answer = try await ask("documents.query", payload)
    let documents = answer["documents"]?.arrayValue ?? []
    let best = documents.first?["score"]?.doubleValue ?? 0
    return documents.filter { $0["score"]?.doubleValue ?? 0 >= best * Self.least.words }
  }

  /// The messages whose vectors are near the text's; nil if none has a vector yet.
  func near(_ text: String, _ request: SearchRequest) async throws(HostError) -> Near? {
    do throws(HostError) {
      return try await nearOnce(text, request)
    } catch {
      // Another model may have taken over between the questions, and is the one now. Who is away or says no stays so.
      guard error.kind == .failed else { throw error }
      return try await nearOnce(text, request)
    }
  }

  private func nearOnce(_ text: String, _ request: SearchRequest) async throws(HostError) -> Near? {
    let models = try await ask("vectors.models", [:])
    guard let model = models["current"], let name = model["name"]?.stringValue else { return nil }
    let embedding = try await context.embed([text], model: name, for: tenant)
    guard Self.isSame(embedding.model, model) else {
      let words = "the embedder's \(name) is another one than the messages' vectors were made by"
      throw HostError(.failed, "\(words): they are being made anew")
    }
    var payload = request.filter
    payload["vector"] = .string(embedding.vectors[0])
    payload["model"] = model
    payload["limit"] = .int(Self.depth)
    let answer = try await ask("vectors.search", payload)
    let matches = (answer["matches"]?.arrayValue ?? []).compactMap(Self.match)
    let best = matches.first?.similarity ?? 0
    return Near(model: model, matches: matches.filter { $0.similarity >= best * Self.least.similarity })
  }

  /// A document; nil if it is gone.
  func document(_ foreignID: String) async throws(HostError) -> JSON? {
    let answer = try await ask("documents.get", ["foreign_id": .string(foreignID)])
    guard let document = answer["document"], !document.isNull else { return nil }
    return document
  }

  private func ask(_ operation: String, _ payload: JSONObject) async throws(HostError) -> JSON {
    try await context.ask("storage.\(operation)", for: tenant, resource: Self.collection, .object(payload))
  }

  private static func isSame(_ one: JSON, _ other: JSON) -> Bool {
    ["name", "version", "checksum", "dimension"].allSatisfy { one[$0] == other[$0] }
  }

  private static func match(_ json: JSON) -> (foreignID: String, similarity: Double)? {
    guard let foreignID = json["foreign_id"]?.stringValue, let score = json["score"]?.doubleValue else { return nil }
    return (foreignID, score)
  }
}
