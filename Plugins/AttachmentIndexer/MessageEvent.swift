internal import PluginKit

/// What an event says about the attachments of a message.
struct MessageEvent {
  enum Change {
    /// These are the message's; nil: as before.
    case attachments([Attachment]?)
    /// The message is no longer there, and with it all that was attached.
    case deletion
  }

  let topic: Topic
  let messageID: String
  /// Orders what is written about one message, as the message indexer does: milliseconds of the provider's clock.
  let revision: Int64
  let space: String
  let author: String?
  let createdAt: Int64?
  let change: Change
  /// Whether the message is edited: what it had before may be gone.
  let isEdit: Bool

  init(of event: Envelope) throws {
    topic = try Topic(event.topic)
    let payload = try JSON.parse(event.payload)
    let owner: (provider: String, tenant: String)
    switch topic.name {
    case SocialMessageCreated.intent:
      let message = try SocialMessageCreated(json: payload)
      owner = (message.provider, message.tenant)
      (messageID, revision) = (message.messageID, message.createdAt.milliseconds)
      (space, author, createdAt) = (message.spaceURN.id, message.authorURN.id, message.createdAt.milliseconds)
      (change, isEdit) = (.attachments(message.attachments), false)
    case SocialMessageUpdated.intent:
      let message = try SocialMessageUpdated(json: payload)
      owner = (message.provider, message.tenant)
      (messageID, revision) = (message.messageID, message.editedAt.milliseconds)
      (space, author) = (message.spaceURN.id, message.authorURN?.id)
      createdAt = message.createdAt?.milliseconds
      (change, isEdit) = (.attachments(message.attachments), true)
    case SocialMessageDeleted.intent:
      let message = try SocialMessageDeleted(json: payload)
      owner = (message.provider, message.tenant)
      (messageID, revision) = (message.messageID, message.deletedAt.milliseconds)
      (space, author, createdAt) = (message.spaceURN.id, nil, nil)
      (change, isEdit) = (.deletion, false)
    default:
      throw PayloadError(key: "topic", expected: "SocialMessageCreated, Updated or Deleted", found: topic.name)
    }
    guard owner.provider == topic.provider else {
      throw PayloadError(key: "provider", expected: topic.provider, found: owner.provider)
    }
    guard owner.tenant == topic.tenant else {
      throw PayloadError(key: "tenant", expected: topic.tenant, found: owner.tenant)
    }
  }
}
