public import PluginKit

/// Writes every message of every provider to the storage, so that it can be found again.
///
/// It keeps nothing itself: an event is acknowledged once the storage has it. The storage gathers the writes that are
/// under way at the same time.
@PluginActor
public final class MessageIndexer: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "message-indexer"

  private let context: Context

  /// Keeps nothing.
  public init(context: Context) throws {
    self.context = context
  }

  /// Writes or removes one message.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let change: Change
    do {
      change = try Change(of: envelope)
    } catch {
      throw Rejection("\(error)")
    }
    _ = try await context.request(change.request)
    context.metrics.add("messages_total")
    if !change.cut.isEmpty {
      context.metrics.add("messages_cut_total")
      let members = JSON.array(change.cut.map { .string($0) })
      context.log.warning(
        "a message was too large to be stored whole",
        ["event": .string(envelope.id), "cut": members]
      )
    }
    return nil
  }
}
