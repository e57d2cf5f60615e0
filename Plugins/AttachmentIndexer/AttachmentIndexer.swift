public import PluginKit

/// Keeps what is attached to messages of every provider: fetched when the message comes, since links expire.
///
/// It has no network and no token, and keeps nothing itself: Fetch fetches, Storage keeps, and each attachment has a
/// document that says what it is, or why it is not there. What goes wrong with one is no concern of the others.
@PluginActor
public final class AttachmentIndexer: Plugin {
  /// The id in the manifest.
  public nonisolated static let id = "attachment-indexer"

  private let context: Context
  private let fetcher: AttachmentFetcher

  /// Reads what is to be kept.
  public init(context: Context) throws {
    self.context = context
    fetcher = AttachmentFetcher(context: context, settings: try Settings(context.config))
  }

  /// Keeps the attachments of one message, or lets them go.
  public func handle(_ envelope: Envelope) async throws -> Response? {
    let event: MessageEvent
    do {
      event = try MessageEvent(of: envelope)
    } catch {
      throw Rejection("\(error)")
    }
    let storage = AttachmentStorage(context, event.topic)
    switch event.change {
    case .deletion: try await forget(event, storage)
    case .attachments(let attachments?) where event.isEdit || !attachments.isEmpty:
      try await keep(attachments, event, storage)
    // Most messages have none, and cost nothing.
    case .attachments: break
    }
    return nil
  }

  private func forget(_ event: MessageEvent, _ storage: AttachmentStorage) async throws {
    // A mark in the message's own name: whatever of it comes later finds that it was deleted.
    try await storage.delete([event.messageID], revision: event.revision)
    try await storage.delete(storage.known(of: event.messageID).map(\.foreignID), revision: event.revision)
  }

  private func keep(_ attachments: [Attachment], _ event: MessageEvent, _ storage: AttachmentStorage) async throws {
    if let deletion = try await storage.deletion(of: event.messageID), deletion >= event.revision { return }
    let known = try await storage.known(of: event.messageID)
    var places: [(attachment: Attachment, place: AttachmentPlace)] = []
    var ids: Set<String> = []
    for attachment in attachments {
      let place = AttachmentPlace(attachment, of: event.messageID)
      if ids.insert(place.foreignID).inserted { places.append((attachment, place)) }
    }
    // What an edit has taken away; an older event knows nothing of what came later.
    let gone = known.filter { !ids.contains($0.foreignID) && $0.revision <= event.revision }
    try await storage.delete(gone.map(\.foreignID), revision: event.revision)
    // What is stored stays so: its link may have expired when the event comes again.
    let stored = Set(known.filter { $0.state == Finding.State.stored.rawValue }.map(\.foreignID))
    let missing = places.filter { !stored.contains($0.place.foreignID) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (attachment, place) in missing {
        group.addTask { try await self.keep(attachment, place, event, storage) }
      }
      // One that throws does not end the others: the event comes again for it alone.
      var failure: (any Error)?
      while let result = await group.nextResult() {
        if case .failure(let error) = result { failure = failure ?? error }
      }
      if let failure { throw failure }
    }
  }

  private func keep(
    _ attachment: Attachment,
    _ place: AttachmentPlace,
    _ event: MessageEvent,
    _ storage: AttachmentStorage
  ) async throws {
    let finding = try await fetcher.find(attachment, place, revision: event.revision, storage)
    try await storage.put(finding.document(of: attachment, place, event))
    context.metrics.add("attachments_total", labels: ["state": finding.state.rawValue])
    context.metrics.add("attachment_bytes_total", Double(finding.state == .stored ? finding.size ?? 0 : 0))
    guard finding.state != .stored else { return }
    let fields: JSONObject = ["attachment": .string(place.foreignID), "reason": .string(finding.reason ?? "")]
    context.log.info("an attachment is \(finding.state.rawValue)", fields)
  }
}
