public import PluginKit
internal import VectorKit

/// Has a vector made of every message, so that it can be found by its meaning.
///
/// What comes is embedded as it comes. What fails then is not delivered again: the storage knows which documents lack a
/// vector, and they are asked for from time to time.
@PluginActor
public final class MessageEmbedder: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "message-embedder"

  private let context: Context
  private let writer: VectorWriter
  private let sweep: VectorSweep

  /// Reads which model makes the vectors.
  public init(context: Context) throws {
    self.context = context
    let model = try context.config.string("model", default: "feature-hashing")
    writer = VectorWriter(context: context, maker: TextMaker(context: context, model: model))
    let interval = try context.config.duration("interval", default: .seconds(60))
    sweep = VectorSweep(context: context, writer: writer, interval: interval)
  }

  /// Looks for messages without a vector from now on.
  public func start() async throws { sweep.start() }

  /// Makes the vector of one message.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let message: EmbeddableMessage
    do {
      message = try EmbeddableMessage(envelope)
    } catch {
      throw Rejection("\(error)")
    }
    sweep.add(message.tenant)
    guard let text = message.text else { return nil }
    let content = Hex.encode(SHA256.digest(Array(text.utf8)))
    let item = VectorItem(foreignID: message.foreignID, content: content, text: text)
    do throws(HostError) {
      _ = try await writer.write([item], dimension: 1, for: message.tenant, message.priority)
      context.metrics.add("messages_total")
    } catch {
      // The sweep makes it, unless the instance ends: the next one has it delivered again then.
      guard !Task.isCancelled else { throw error }
      context.metrics.add("messages_deferred_total")
      context.log.warning("no vector yet: \(error.message)", ["event": .string(envelope.id)])
    }
    return nil
  }

  /// Ends the looking.
  public func stop() async { await sweep.stop() }
}
