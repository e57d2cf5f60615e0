public import PluginKit

/// Who asks for history, and until when.
public struct HistoryCaller: Sendable, Hashable {
  /// Whom the calls are made for, apart from what else the same one asks for.
  public let requester: String
  /// When nobody waits for the answer any more, in nanoseconds since 1970; 0: nobody has said.
  public let deadline: Int64
}

/// What an access plugin can show of the past of its tenant's spaces.
@PluginActor
public protocol HistorySource: AnyObject {
  /// Has a page of messages recorded as the events that they would have been live, and returns when they are.
  ///
  /// - Throws: A `HistoryRefusal` where there is nothing to be had; anything else if it may be tried again.
  func page(_ wish: HistoryWish, for caller: HistoryCaller) async throws -> HistoryPage

  /// Spaces of the tenant whose history it can read.
  func spaces(after cursor: String?, for caller: HistoryCaller) async throws -> SpacePage
}

/// Answers those of `rest.request` that are orders of history, the same way for every provider.
@PluginActor
public struct HistoryProxy {
  /// How much earlier than the request's deadline a call ends, ns, so that its error is heard.
  private static let margin: Int64 = 100_000_000

  private let provider: String
  private let tenant: String
  private let source: any HistorySource

  /// A proxy of a tenant's history.
  public init(provider: String, tenant: String, source: any HistorySource) {
    (self.provider, self.tenant, self.source) = (provider, tenant, source)
  }

  /// Performs an order of history; nil: the request is none.
  ///
  /// - Throws: What is wrong with the order, or why it may be tried again. A refusal is an answer.
  public func answer(_ envelope: Envelope) async throws -> Response? {
    guard let order = try HistoryOrder(envelope, of: tenant) else { return nil }
    let deadline = envelope.deadline > 0 ? envelope.deadline - Self.margin : 0
    let caller = HistoryCaller(requester: "\(envelope.src) history", deadline: deadline)
    do {
      switch order {
      case .page(let wish):
        guard wish.space.provider == provider, wish.space.tenant == tenant else {
          throw HistoryRefusal(403, "history.space_urn: expected a space of \(provider)/\(tenant), found \(wish.space)")
        }
        return response(status: 200, ["data": try await source.page(wish, for: caller).json])
      case .spaces(let after):
        let page = try await source.spaces(after: after, for: caller)
        let whole = response(status: 200, ["data": page.json(named: true)])
        guard whole.payload.count > RESTReply.sizeMax else { return whole }
        return response(status: 200, ["data": page.json(named: false)])
      }
    } catch let refusal as HistoryRefusal {
      return response(
        status: refusal.status,
        retryAfter: refusal.retryAfter,
        ["data": .null, "error": .string(refusal.description)]
      )
    }
  }

  private func response(status: Int, retryAfter: Int64 = 0, _ more: JSONObject) -> Response {
    var fields: JSONObject = [
      "tenant": .string(tenant), "status": .int(Int64(status)), "ok": .bool((200..<300).contains(status)),
      "retry_after_ms": .int(retryAfter / 1_000_000),
    ]
    for (key, value) in more { fields[key] = value }
    return Response(json: .object(fields))
  }
}
