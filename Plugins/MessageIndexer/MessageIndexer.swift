public import PluginKit

/// Indexes.
@PluginActor
public final class MessageIndexer: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "message-indexer"
  private let context: Context

  /// Creates.
  public init(context: Context) throws {
    self.context = context
  }

  /// Handles.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    nil
  }
}
