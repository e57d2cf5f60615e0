internal import PluginKit

/// What of an event a vector is made of.
struct EmbeddableMessage {
  let tenant: TenantName
  /// The id of the message, which is that of its document.
  let foreignID: String
  /// What it says; nil where there is nothing to make a vector of, or an edit that does not tell.
  let text: String?
  let priority: EmbeddingPriority

  /// Reads an event.
  ///
  /// - Throws: A `PayloadError` or `TopicError` for what is no message.
  init(_ event: Envelope) throws {
    let topic = try Topic(event.topic)
    let payload = try JSON.parse(event.payload)
    let said: String?
    switch topic.name {
    case SocialMessageCreated.intent:
      let message = try SocialMessageCreated(json: payload)
      (foreignID, said) = (message.messageID, message.text)
    case SocialMessageUpdated.intent:
      let message = try SocialMessageUpdated(json: payload)
      (foreignID, said) = (message.messageID, message.text)
    default:
      throw PayloadError(key: "topic", expected: "SocialMessageCreated or Updated", found: topic.name)
    }
    text = said.flatMap { $0.isEmpty ? nil : $0 }
    tenant = TenantName(provider: topic.provider, tenant: topic.tenant)
    // What is not happening now waits for what is.
    priority = event.origin == .live ? .live : .backfill
  }
}
