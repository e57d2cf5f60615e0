public import PluginKit
internal import VectorKit

/// Has a vector made of every picture that is kept, so that others that look like it are found.
///
/// A message says that something is attached to it, and not when that is stored; so the storage, which knows which
/// documents lack a vector, is asked for some time after it, and from time to time in any case. Nothing is kept here, and
/// nothing is lost with whatever is interrupted.
@PluginActor
public final class AttachmentEmbedder: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "attachment-embedder"

  private let context: Context
  private let sweep: VectorSweep

  /// Reads which model makes the vectors.
  public init(context: Context) throws {
    self.context = context
    let model = try context.config.string("model", default: "image-descriptor")
    let interval = try context.config.duration("interval", default: .seconds(60))
    let writer = VectorWriter(context: context, maker: PictureMaker(context: context, model: model))
    sweep = VectorSweep(context: context, writer: writer, interval: interval)
  }

  /// Looks for pictures without a vector from now on.
  public func start() async throws { sweep.start() }

  /// Looks for what is attached to a message, if anything is.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    do {
      guard let tenant = try Self.tenant(of: envelope) else { return nil }
      sweep.expect(tenant)
    } catch {
      throw Rejection("\(error)")
    }
    return nil
  }

  /// Ends the looking.
  public func stop() async { await sweep.stop() }

  /// Whose message it is, if something is attached to it.
  private static func tenant(of event: Envelope) throws -> TenantName? {
    let topic = try Topic(event.topic)
    let payload = try JSON.parse(event.payload)
    let attachments: [Attachment]?
    switch topic.name {
    case SocialMessageCreated.intent: attachments = try SocialMessageCreated(json: payload).attachments
    case SocialMessageUpdated.intent: attachments = try SocialMessageUpdated(json: payload).attachments
    default: throw PayloadError(key: "topic", expected: "SocialMessageCreated or Updated", found: topic.name)
    }
    return attachments?.isEmpty == false ? TenantName(provider: topic.provider, tenant: topic.tenant) : nil
  }
}
