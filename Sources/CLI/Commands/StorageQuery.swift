internal import Envelope
internal import Host

/// Questions to the storage service of a tenant.
struct StorageQuery {
  let client: AdminClient
  let provider: String
  let tenant: String
  let collection: String

  /// The documents asked for at a time; an answer carries as many of them as fit.
  private static let page = 100
  /// How long the service may take for an answer, in milliseconds.
  private static let timeout: Int64 = 30_000

  /// The number of documents that meet the conditions.
  func count(_ filters: JSONObject) throws -> Int64 {
    let answer = try ask("count", filters)
    guard let count = answer["count"]?.intValue else {
      throw CommandError.failed("storage.documents.count answered without a count: \(answer)")
    }
    return count
  }

  /// Hands over the documents that meet the conditions, page after page.
  func documents(_ filters: JSONObject, order: String, limit: Int, each: (JSON) throws -> Void) throws {
    var filters = filters
    filters["order"] = .string(order)
    var left = limit
    while left > 0 {
      filters["limit"] = .int(Int64(min(left, Self.page)))
      let answer = try ask("query", filters)
      guard let documents = answer["documents"]?.arrayValue else {
        throw CommandError.failed("storage.documents.query answered without documents: \(answer)")
      }
      for document in documents.prefix(left) { try each(document) }
      left -= documents.count
      guard let next = answer["next"], !next.isNull, next != filters["cursor"] else { return }
      filters["cursor"] = next
    }
  }

  private func ask(_ intent: String, _ filters: JSONObject) throws -> JSON {
    let topic = try Topic(provider: provider, tenant: tenant, area: "storage", name: "documents.\(intent)")
    let answer = try client.call(
      "request",
      [
        "topic": .string(topic.description),
        "intent": .string(intent),
        "resource": .string(collection),
        "payload": .object(filters),
        "trace": .string(Traceparent.begin().description),
        "timeout_ms": .int(Self.timeout),
      ]
    )
    guard let data = answer["envelope"]?["data"] else {
      throw CommandError.failed("\(topic) answered without a JSON payload")
    }
    return data
  }
}
