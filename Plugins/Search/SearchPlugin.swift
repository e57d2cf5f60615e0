public import PluginKit

/// Finds messages of a tenant by their words and by their meaning, and puts both in one order; and attachments by what
/// they look like.
///
/// It keeps nothing. Where there are no vectors, or nobody makes one of what is looked for, the words alone are searched,
/// and the answer says why.
@PluginActor
public final class SearchPlugin: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "search"

  private let context: Context

  /// Keeps nothing.
  public init(context: Context) throws {
    self.context = context
  }

  /// Answers one search.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    guard envelope.flags.contains(.request) else { throw Rejection("\(envelope.topic): expected a request") }
    let request = try SearchRequest(envelope.payload)
    let tenant = TenantName(provider: envelope.provider, tenant: envelope.tenant)
    context.metrics.add("searches_total")
    switch request.subject {
    case .text(let text): return Response(json: try await messages(text, request, tenant))
    case .like(let id):
      return Response(json: try await Likeness(context: context, tenant: tenant).attachments(like: id, request))
    }
  }

  /// The messages that have some of the words, or mean alike.
  private func messages(_ text: String, _ request: SearchRequest, _ tenant: TenantName) async throws(HostError) -> JSON
  {
    let lookup = Lookup(context: context, tenant: tenant)
    let documents = try await lookup.words(text, request)
    let (near, without) = await near(text, request, lookup)
    var known: [String: JSON] = [:]
    var words: [String] = []
    for document in documents {
      guard let foreignID = document["foreign_id"]?.stringValue else { continue }
      known[foreignID] = document
      words.append(foreignID)
    }
    var answer = SearchAnswer()
    for result in Ranking(words: words, vectors: near?.matches ?? []).results where answer.count < request.limit {
      var document = known[result.foreignID]
      if document == nil { document = try await lookup.document(result.foreignID) }
      // One that was deleted meanwhile is none.
      guard let document else { continue }
      guard answer.add(result, document, explains: request.explains) else { break }
    }
    return answer.json(model: near?.model, without: without)
  }

  /// What is near by meaning, or why nothing is.
  private func near(
    _ text: String,
    _ request: SearchRequest,
    _ lookup: Lookup
  ) async -> (Lookup.Near?, without: String?) {
    do throws(HostError) {
      let near = try await lookup.near(text, request)
      return (near, near == nil ? "no message has a vector yet" : nil)
    } catch {
      context.metrics.add("searches_without_vectors_total")
      return (nil, error.message)
    }
  }
}
