internal import PluginKit

/// What envelopes of one intent have in common.
struct Heading: Sendable {
  /// Where they are published.
  let topic: String
  /// What their identities begin with.
  private let prefix: String

  /// Intents of canonical events.
  static let canonical = [
    SocialMessageCreated.intent, SocialMessageUpdated.intent, SocialMessageDeleted.intent, SocialReactionAdded.intent,
    SocialReactionRemoved.intent, SocialTyping.intent,
  ]

  /// Makes the heading of an intent of a tenant's.
  ///
  /// That somebody writes is told in an area of which nothing is recorded: it is of no worth ten seconds later.
  init(_ intent: String, of account: Account) {
    topic = intent == SocialTyping.intent ? account.topic("control", intent) : account.events(intent)
    prefix = account.identities + intent + ":"
  }

  /// What is the same in every copy of something, and in nothing else.
  func identity(_ name: EventName) -> String {
    switch name {
    case .id(let id): NumberedName(prefix, id).description
    case .text(let text): prefix + text
    }
  }
}

/// What tells an event from all others of its intent.
enum EventName: Sendable {
  case id(Snowflake)
  case text(String)
}
