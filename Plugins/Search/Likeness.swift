internal import PluginKit

/// Finds attachments that look like others.
@PluginActor
struct Likeness {
  /// The collection that attachments lie in.
  private static let collection = "attachments"
  /// Pictures of a message that others are compared with: as many as networks let one have.
  private static let picturesMax = 10
  /// Attachments of a message among which its pictures are looked for: as many as the storage gives unless it is asked for
  /// more, and ten times what networks let one have.
  private static let attachmentsMax: Int64 = 100

  let context: Context
  let tenant: TenantName

  /// The attachments that look most like one, or like any of those that a message has, best first and without these.
  ///
  /// - Throws: What was asked for and cannot be answered.
  func attachments(like id: String, _ request: SearchRequest) async throws -> JSON {
    let pictures = try await pictures(id)
    guard !pictures.isEmpty else {
      let expected = "expected an attachment that is a picture, or a message with one"
      throw Rejection("like: \(expected), found \(JSON.string(id).summary)")
    }
    var scores: [String: Double] = [:]
    var model: JSON?
    var failure: HostError?
    for picture in pictures {
      do throws(HostError) {
        let answer = try await near(picture, request, besides: pictures.count)
        if let found = answer["model"], !found.isNull { model = found }
        for match in answer["matches"]?.arrayValue ?? [] {
          guard let found = match["foreign_id"]?.stringValue, let score = match["score"]?.doubleValue else { continue }
          scores[found] = max(score, scores[found] ?? -1)
        }
      } catch {
        // One that has no vector, or not yet, keeps nobody from comparing the others.
        failure = error
      }
    }
    if scores.isEmpty, let failure { throw failure }
    for picture in pictures { scores[picture] = nil }
    let without = if case .some = model { String?.none } else { "no picture has a vector yet" }
    return try await answer(scores, request).json(model: model, without: without)
  }

  private func answer(_ scores: [String: Double], _ request: SearchRequest) async throws(HostError) -> SearchAnswer {
    var answer = SearchAnswer()
    let best = scores.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
    for (foreignID, score) in best where answer.count < request.limit {
      let found = try await ask("documents.get", ["foreign_id": .string(foreignID)])["document"] ?? .null
      // One that was deleted meanwhile is none.
      guard !found.isNull else { continue }
      guard answer.add(attachment: foreignID, score: score, found) else { break }
    }
    return answer
  }

  /// The attachment of an id if that is a picture, else the first pictures of the message of that id.
  private func pictures(_ id: String) async throws(HostError) -> [String] {
    let own = try await ask("documents.get", ["foreign_id": .string(id)])["document"] ?? .null
    var documents = [own]
    if own.isNull {
      let query: JSONObject = [
        "thread": .string(id), "limit": .int(Self.attachmentsMax), "order": "oldest", "body": false,
      ]
      documents = try await ask("documents.query", query)["documents"]?.arrayValue ?? []
    }
    let pictures = documents.filter { $0["content"]?.stringValue != nil }.prefix(Self.picturesMax)
    return pictures.compactMap { $0["foreign_id"]?.stringValue }
  }

  private func near(_ picture: String, _ request: SearchRequest, besides: Int) async throws(HostError) -> JSON {
    var query = request.filter
    query["like"] = .string(picture)
    query["limit"] = .int(Int64(request.limit + besides))
    return try await ask("vectors.search", query)
  }

  private func ask(_ operation: String, _ payload: JSONObject) async throws(HostError) -> JSON {
    try await context.ask("storage.\(operation)", for: tenant, resource: Self.collection, .object(payload))
  }
}
