internal import PluginKit

/// The tenant that an instance is bound to, and the names of what belongs to it.
final class Account: Sendable, Equatable, CustomStringConvertible {
  /// The provider of the tenant, `discord` unless the operator gave it another name.
  let provider: String
  /// The tenant's name.
  let tenant: String
  /// What identities of the tenant's envelopes begin with.
  let identities: String
  // What stands before a name or an id, since several are made for each message.
  private let events: String
  private let channels: String
  private let users: String
  private let webhooks: String
  private let guilds: String
  private let attachments: String

  init(provider: String, tenant: String) {
    (self.provider, self.tenant) = (provider, tenant)
    identities = "\(provider):\(tenant):"
    events = "promethean.p.\(provider).t.\(tenant).events."
    channels = "urn:\(provider):channel:\(tenant):"
    users = "urn:\(provider):user:\(tenant):"
    webhooks = "urn:\(provider):webhook:\(tenant):"
    guilds = "urn:\(provider):guild:\(tenant):"
    attachments = "urn:\(provider):attachment:\(tenant):"
  }

  var description: String { "\(provider)/\(tenant)" }

  static func == (one: Account, other: Account) -> Bool {
    one.provider == other.provider && one.tenant == other.tenant
  }

  /// Where an event of a name is published.
  func events(_ name: String) -> String { events + name }

  /// A topic of the tenant's.
  func topic(_ area: String, _ name: String) -> String { "promethean.p.\(provider).t.\(tenant).\(area).\(name)" }

  /// The name of a channel, thread or conversation: a space.
  func space(_ channel: Snowflake) -> String { NumberedName(channels, channel).description }

  /// The name of whoever writes.
  func user(_ user: Snowflake) -> NumberedName { NumberedName(users, user) }

  /// The name of a webhook, which writes under whatever name it likes.
  func webhook(_ webhook: Snowflake) -> NumberedName { NumberedName(webhooks, webhook) }

  /// The name of a guild.
  func guild(_ guild: Snowflake) -> String { NumberedName(guilds, guild).description }

  /// The name of a shard.
  func shard(_ shard: Int) -> String { "urn:\(provider):shard:\(tenant):\(shard)" }

  /// The name of a file.
  func attachment(_ attachment: Snowflake) -> NumberedName { NumberedName(attachments, attachment) }
}

/// A name that ends in an id, such as `urn:discord:user:main:80351110224678912`; made text only where it has to be.
struct NumberedName: Sendable, CustomStringConvertible {
  let prefix: String
  let id: Snowflake

  init(_ prefix: String, _ id: Snowflake) {
    (self.prefix, self.id) = (prefix, id)
  }

  var description: String { String(prefix, id.number) }
}

extension JSONLine {
  /// Appends a member whose value is a name, unless there is none.
  mutating func set(_ key: StaticString, _ name: NumberedName?) {
    guard let name else { return }
    set(key, name.prefix, name.id.number)
  }
}
