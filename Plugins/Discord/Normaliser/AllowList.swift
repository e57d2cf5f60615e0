internal import ProviderKit

/// Which guilds and channels the operator lets events come from and posts go to.
///
/// - What belongs to a guild needs the guild; what belongs to a channel of it needs the channel too. A thread is allowed
///   with the channel that it hangs in.
/// - A direct message belongs to no guild: where `guilds` names some, its channel has to be named in `channels`.
/// - What belongs to neither is about the bot itself, and is allowed.
struct AllowList: Sendable {
  /// Nil: any.
  private let guilds: Set<Snowflake>?
  private let channels: Set<Snowflake>?

  /// Reads the lists.
  ///
  /// `*` in one stands for any, and so does a list that is missing. An empty one allows nothing.
  init(guilds: [String]? = nil, channels: [String]? = nil) throws(ProviderError) {
    self.guilds = try Self.ids(guilds, "allow.guilds")
    self.channels = try Self.ids(channels, "allow.channels")
  }

  private static func ids(_ list: [String]?, _ name: String) throws(ProviderError) -> Set<Snowflake>? {
    guard let list else { return nil }
    var ids: Set<Snowflake> = []
    for (index, text) in list.enumerated() where text != "*" {
      guard let id = Snowflake(text) else {
        throw ProviderError("\(name)[\(index)]: expected an id of digits or *, found \"\(text.prefix(40))\"")
      }
      ids.insert(id)
    }
    return list.contains("*") ? nil : ids
  }

  /// Whether everything is allowed.
  var isOpen: Bool { guilds == nil && channels == nil }

  /// Whether a guild is allowed.
  func allows(guild: Snowflake) -> Bool { guilds?.contains(guild) != false }

  /// What the lists say of a channel of a guild, or, without one, of a direct message; `place` is what is known beside.
  func verdict(channel: Snowflake, guild: Snowflake?, place: Place?) -> Verdict {
    if let guild, !allows(guild: guild) { return .refused }
    guard let channels else { return guild != nil || guilds == nil ? .allowed : .refused }
    if channels.contains(channel) { return .allowed }
    guard guild != nil else { return .refused }
    guard let place else { return .unknown(channel) }
    return place.parent.map(channels.contains) == true ? .allowed : .refused
  }

  /// What the lists say of a channel of which only its id and perhaps its place are known.
  func verdict(channel: Snowflake, place: Place?) -> Verdict {
    if let place { return verdict(channel: channel, guild: place.guild, place: place) }
    return guilds == nil && channels?.contains(channel) != false ? .allowed : .unknown(channel)
  }

  /// What the lists say of something.
  enum Verdict: Sendable, Hashable {
    case allowed
    case refused
    /// It depends on what sort of channel this is, which nobody has told yet.
    case unknown(Snowflake)
  }
}
