internal import PluginKit
internal import ProviderKit

/// How a bot shows itself: whether it is there, and what it does.
///
/// Source: https://discord.com/developers/docs/events/gateway-events#update-presence
struct Presence: Hashable, Sendable {
  /// What may stand in `status`.
  static let statuses = ["online", "idle", "dnd", "invisible"]
  /// What may stand in `type`, and the number of it.
  static let types = ["playing": 0, "streaming": 1, "listening": 2, "watching": 3, "custom": 4, "competing": 5]

  /// How long the text of an activity may be, in Discord's way of counting.
  static let activityMax = 128

  /// One of `statuses`.
  var status = "online"
  /// What it does; none if this is empty.
  var activity = ""
  /// One of `types`.
  var type = "playing"
  /// Where a stream is, if that is what it does.
  var url = ""

  init() {}

  /// Reads `status`, `activity`, `type` and `url`, none of which must be there.
  init(_ config: Config) throws {
    status = try config.string("status", default: status)
    activity = try config.string("activity", default: activity)
    type = try config.string("type", default: type)
    url = try config.string("url", default: url)
    guard Self.statuses.contains(status) else {
      throw ProviderError("presence.status: expected \(Self.statuses.joined(separator: ", ")), found \"\(status)\"")
    }
    guard activity.utf16.count <= Self.activityMax else {
      let found = "\(activity.utf16.count)"
      throw ProviderError("presence.activity: expected at most \(Self.activityMax) characters, found \(found)")
    }
    guard Self.types[type] != nil else {
      let expected = Self.types.sorted { $0.value < $1.value }.map(\.key).joined(separator: ", ")
      throw ProviderError("presence.type: expected \(expected), found \"\(type)\"")
    }
  }

  /// The `d` of opcode 3, and the `presence` of an identification.
  var json: JSON {
    var activities: [JSON] = []
    if !activity.isEmpty {
      var one: JSONObject = ["name": .string(activity), "type": .int(Int64(Self.types[type] ?? 0))]
      // What a custom status says stands in `state`.
      if type == "custom" { one["state"] = .string(activity) }
      if !url.isEmpty { one["url"] = .string(url) }
      activities = [.object(one)]
    }
    return ["since": nil, "activities": .array(activities), "status": .string(status), "afk": false]
  }
}
