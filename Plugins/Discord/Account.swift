internal import PluginKit

/// The tenant that an instance is bound to, and the names of what belongs to it.
struct Account: Sendable, Hashable, CustomStringConvertible {
  /// The provider of the tenant, `discord` unless the operator gave it another name.
  let provider: String
  /// The tenant's name.
  let tenant: String
  // What stands before a name or an id, since several are made for each message.
  private let events: String
  private let channels: String
  private let users: String
  private let guilds: String

  init(provider: String, tenant: String) {
    (self.provider, self.tenant) = (provider, tenant)
    events = "promethean.p.\(provider).t.\(tenant).events."
    channels = "urn:\(provider):channel:\(tenant):"
    users = "urn:\(provider):user:\(tenant):"
    guilds = "urn:\(provider):guild:\(tenant):"
  }

  var description: String { "\(provider)/\(tenant)" }

  /// Where an event of a name is published.
  func events(_ name: String) -> String { events + name }

  /// A topic of the tenant's.
  func topic(_ area: String, _ name: String) -> String { "promethean.p.\(provider).t.\(tenant).\(area).\(name)" }

  /// The name of a channel, thread or conversation: a space.
  func space(_ channel: Snowflake) -> String { channels + channel.description }

  /// The name of whoever writes.
  func user(_ user: Snowflake) -> String { users + user.description }

  /// The name of a webhook, which writes under whatever name it likes.
  func webhook(_ webhook: Snowflake) -> String { urn("webhook", webhook) }

  /// The name of a guild.
  func guild(_ guild: Snowflake) -> String { guilds + guild.description }

  /// The name of a shard.
  func shard(_ shard: Int) -> String { "urn:\(provider):shard:\(tenant):\(shard)" }

  /// The name of a file.
  func attachment(_ attachment: Snowflake) -> String { urn("attachment", attachment) }

  private func urn(_ kind: String, _ id: Snowflake) -> String { "urn:\(provider):\(kind):\(tenant):\(id)" }
}
