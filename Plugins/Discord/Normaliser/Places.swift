internal import PluginKit

/// What is known of a channel.
struct Place: Sendable, Hashable {
  /// The guild it belongs to; nil: it is a direct message, or nobody can see it.
  var guild: Snowflake?
  /// The channel that it hangs in, if it is a thread.
  var parent: Snowflake?

  var isThread: Bool { parent != nil }
}

extension Place {
  /// The types of channels that are threads: of announcements, public, private.
  private static let threads: Set<Int64> = [10, 11, 12]

  /// The place that a channel object says.
  init(channel object: JSONView, guild: Snowflake?) {
    self.guild = guild
    // The parent of what is no thread is a category, which is no channel to hang in.
    parent = Self.isThread(object["type"]) ? object["parent_id"].flatMap(Snowflake.init) : nil
  }

  static func isThread(_ type: JSONView?) -> Bool { type?.int.map(threads.contains) == true }
}

/// What Discord has told of channels and threads, the later half of it at least.
///
/// Two generations make forgetting free: when the newer one is full it takes the place of the older.
struct Places: Sendable {
  /// How many are remembered at least: a busy bot's threads of some weeks, in 3 MiB.
  static let limit = 32_768

  private let limit: Int
  private var older: [Snowflake: Place] = [:]
  private var newer: [Snowflake: Place] = [:]

  init(limit: Int = Self.limit) {
    self.limit = limit
  }

  subscript(channel: Snowflake) -> Place? { newer[channel] ?? older[channel] }

  mutating func learn(_ channel: Snowflake, _ place: Place) {
    if newer.count >= limit {
      older = newer
      newer = [:]
    }
    newer[channel] = place
  }
}
