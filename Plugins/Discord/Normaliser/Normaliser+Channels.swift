internal import PluginKit

extension Normaliser {
  /// Whether a channel is allowed of which perhaps no more is known than its id: to post to, or to read the history of.
  func allows(channel: Snowflake) -> AllowList.Verdict { allow.verdict(channel: channel, place: places[channel]) }

  /// Whether a channel is known to be a thread.
  func isThread(_ channel: Snowflake) -> Bool { places[channel]?.isThread == true }

  /// Learns what the REST API says of a channel; returns what is wrong with that.
  mutating func learn(channel object: [UInt8]) -> [Problem] {
    let event = "channel of the REST API"
    do {
      var reader = EventReader(event: event, data: try JSONView(object))
      guard let id = reader.id("id") else { return reader.problems }
      places.learn(id, Place(channel: reader.data, guild: reader.id(ifPresent: "guild_id")))
      return reader.problems
    } catch {
      return [Problem(event: event, field: "", expected: "JSON", found: "\(error)")]
    }
  }

  /// Learns that the REST API does not show a channel: it is taken for one that hangs nowhere.
  mutating func learn(hidden channel: Snowflake) { places.learn(channel, Place()) }

  /// What an event is about, having learnt what it says of channels.
  mutating func learn(_ reader: inout EventReader) -> Subject {
    let data = reader.data
    switch reader.event {
    case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
      let guild = reader.id("id")
      if let guild { learn(of: guild, data["threads"], allow.isOpen ? nil : data["channels"]) }
      return Subject(guild: guild, channel: nil)
    case "THREAD_LIST_SYNC":
      let guild = reader.id("guild_id")
      if let guild { learn(of: guild, data["threads"]) }
      return Subject(guild: guild, channel: nil)
    case "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE":
      let subject = Subject(guild: reader.id(ifPresent: "guild_id"), channel: reader.id("id"))
      let place = Place(channel: data, guild: subject.guild)
      if let channel = subject.channel, place.isThread || !allow.isOpen { places.learn(channel, place) }
      return subject
    case "THREAD_MEMBER_UPDATE", "THREAD_MEMBERS_UPDATE":
      return Subject(guild: reader.id(ifPresent: "guild_id"), channel: reader.id("id"))
    default:
      guard data.kind == .object else { return Subject() }
      let channel = reader.id(ifPresent: "channel_id")
      return Subject(guild: reader.id(ifPresent: "guild_id") ?? channel.flatMap { places[$0]?.guild }, channel: channel)
    }
  }

  private mutating func learn(of guild: Snowflake, _ lists: JSONView?...) {
    guard allow.allows(guild: guild) else { return }
    for list in lists {
      guard let list else { continue }
      for object in list.elements {
        if let id = object["id"].flatMap(Snowflake.init) { places.learn(id, Place(channel: object, guild: guild)) }
      }
    }
  }

  /// What the allow-list says of what an event is about.
  ///
  /// Of one that does not say it in a way that can be read, only an open list allows anything.
  func verdict(_ subject: Subject, _ reader: inout EventReader) -> AllowList.Verdict {
    if allow.isOpen { return .allowed }
    guard reader.problems.isEmpty else { return .refused }
    if let channel = subject.channel {
      return allow.verdict(channel: channel, guild: subject.guild, place: places[channel])
    }
    return subject.guild.map(allow.allows(guild:)) == false ? .refused : .allowed
  }
}
