public import PluginKit

/// Writes every message of every provider to the storage, so that it can be found again.
///
/// It keeps no message itself: an event is acknowledged once the storage has it. The storage gathers the writes that are
/// under way at the same time. What was written before there was an indexer it has fetched (`Backfill`): what is found comes
/// as the same events.
@PluginActor
public final class MessageIndexer: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "message-indexer"

  private let context: Context
  private let backfill: Backfill

  /// Reads the configuration.
  public init(context: Context) throws {
    self.context = context
    backfill = try Backfill(context: context)
  }

  /// Writes or removes one message, or does what fetching old ones needs next.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    if let topic = try? Topic(envelope.topic), topic.area == "jobs" {
      return try await backfill.handle(envelope, topic)
    }
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
