internal import ProviderKit

/// Which events a bot asks for.
///
/// Source: https://discord.com/developers/docs/topics/gateway#gateway-intents
struct Intents: OptionSet, Hashable, Sendable {
  let rawValue: Int

  /// The names and their bits, in the order of the bits.
  static let named: [(name: String, bit: Int)] = [
    ("GUILDS", 0), ("GUILD_MEMBERS", 1), ("GUILD_MODERATION", 2), ("GUILD_EXPRESSIONS", 3), ("GUILD_INTEGRATIONS", 4),
    ("GUILD_WEBHOOKS", 5), ("GUILD_INVITES", 6), ("GUILD_VOICE_STATES", 7), ("GUILD_PRESENCES", 8),
    ("GUILD_MESSAGES", 9), ("GUILD_MESSAGE_REACTIONS", 10), ("GUILD_MESSAGE_TYPING", 11), ("DIRECT_MESSAGES", 12),
    ("DIRECT_MESSAGE_REACTIONS", 13), ("DIRECT_MESSAGE_TYPING", 14), ("MESSAGE_CONTENT", 15),
    ("GUILD_SCHEDULED_EVENTS", 16), ("AUTO_MODERATION_CONFIGURATION", 20), ("AUTO_MODERATION_EXECUTION", 21),
    ("GUILD_MESSAGE_POLLS", 24), ("DIRECT_MESSAGE_POLLS", 25),
  ]

  /// What a bot needs that reads and writes messages in guilds and in private.
  ///
  /// Without `GUILDS` it would not know its channels and threads; without `MESSAGE_CONTENT` the text of most messages
  /// would be empty. Typing is left out: it is half of what a busy guild sends, and of use to few.
  static let standard = [
    "GUILDS", "GUILD_MESSAGES", "GUILD_MESSAGE_REACTIONS", "DIRECT_MESSAGES", "DIRECT_MESSAGE_REACTIONS",
    "MESSAGE_CONTENT",
  ]

  /// Those that the owner of a bot must have enabled, the toggle that does, and the flags of an application that has it.
  ///
  /// Source: https://discord.com/developers/docs/resources/application#application-object-application-flags
  static let privileged: [(name: String, toggle: String, flags: Int)] = [
    ("GUILD_PRESENCES", "Presence Intent", 1 << 12 | 1 << 13),
    ("GUILD_MEMBERS", "Server Members Intent", 1 << 14 | 1 << 15),
    ("MESSAGE_CONTENT", "Message Content Intent", 1 << 18 | 1 << 19),
  ]

  init(rawValue: Int) {
    self.rawValue = rawValue
  }

  /// Reads names; the error tells which one is not known, and which is meant.
  init(names: [String]) throws(ProviderError) {
    var bits = 0
    for name in names {
      guard let bit = Self.named.first(where: { $0.name == name })?.bit else {
        let nearest = Self.named.map(\.name).min { Self.distance($0, name) < Self.distance($1, name) } ?? ""
        throw ProviderError(#"config.intents: expected names of intents, found "\#(name)"; is "\#(nearest)" meant?"#)
      }
      bits |= 1 << bit
    }
    rawValue = bits
  }

  /// The names of what is asked for.
  var names: [String] { Self.named.filter { rawValue & 1 << $0.bit != 0 }.map(\.name) }

  /// The privileged ones among them.
  var privileged: [(name: String, toggle: String, flags: Int)] {
    let names = names
    return Self.privileged.filter { names.contains($0.name) }
  }

  /// Those that an application with these flags may not ask for.
  func missing(fromFlags flags: Int) -> [(name: String, toggle: String, flags: Int)] {
    privileged.filter { flags & $0.flags == 0 }
  }

  /// How many letters must be changed, added or left out to make one of the other, whatever their case.
  private static func distance(_ one: String, _ other: String) -> Int {
    let one = Array(one.uppercased().utf8.prefix(64))
    let other = Array(other.uppercased().utf8.prefix(64))
    var row = Array(0...other.count)
    for (i, left) in one.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in other.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
        diagonal = above
      }
    }
    return row[other.count]
  }
}
