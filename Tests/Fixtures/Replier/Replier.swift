public import PluginKit

/// A worker that answers each message that begins with `ping`, where it was written, whatever the provider.
@PluginActor
public final class Replier: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "replier"

  private let context: Context

  /// Needs nothing.
  public init(context: Context) {
    self.context = context
  }

  /// Answers `ping N` with `pong N`.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let message = try SocialMessageCreated(json: JSON.parse(envelope.payload))
    guard let text = message.text, text.hasPrefix("ping") else { return nil }
    let answer = PostMessage(answering: message, text: "pong" + text.dropFirst("ping".count))
    _ = try await context.post(answer, reply: envelope.reply)
    return nil
  }
}
