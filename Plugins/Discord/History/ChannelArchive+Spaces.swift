internal import PluginKit
internal import ProviderKit

extension ChannelArchive {
  /// Types of channels that hold messages: text, voice, announcements, stages, and the three sorts of threads.
  ///
  /// Source: https://discord.com/developers/docs/resources/channel#channel-object-channel-types
  private static let types: Set<Int64> = [0, 2, 5, 10, 11, 12, 13]
  private static let threads: Set<Int64> = [10, 11, 12]
  /// The most guilds of one answer of Discord's.
  private static let guildsMax = 200
  /// The longest name that is told, in bytes; Discord's have at most 100 characters.
  private static let nameMax = 100

  /// Where the next page of spaces begins: in a guild, behind so many of its channels.
  private struct Mark {
    var guild = Snowflake(0)
    var offset = 0

    init(_ cursor: String?) throws(ProviderError) {
      guard let cursor else { return }
      let parts = cursor.split(separator: "+", omittingEmptySubsequences: false)
      guard parts.count == 2, let guild = Snowflake(parts[0]), let offset = Int(parts[1]), offset >= 0 else {
        throw ProviderError("spaces.after: expected a cursor that an answer has given, found \"\(cursor.prefix(32))\"")
      }
      (self.guild, self.offset) = (guild, offset)
    }
  }

  /// The channels of the guilds that are allowed, and those of their threads that are not archived: one guild at a time,
  /// by their ids.
  func spaces(after cursor: String?, for caller: HistoryCaller) async throws -> SpacePage {
    let mark = try Mark(cursor)
    guard let guild = try await guild(from: mark.guild, for: caller) else { return SpacePage(spaces: []) }
    let offset = guild == mark.guild ? mark.offset : 0
    let all = try await channels(of: guild, for: caller)
    let chosen = all.dropFirst(offset).prefix(SpacePage.spacesMax)
    let end = offset + chosen.count
    let next = end < all.count ? "\(guild)+\(end)" : "\(Snowflake(guild.number + 1))+0"
    return SpacePage(spaces: chosen.map(\.space), next: next)
  }

  /// The first guild from an id on that the operator allows; nil: there are no more.
  private func guild(from first: Snowflake, for caller: HistoryCaller) async throws -> Snowflake? {
    var after = first.number == 0 ? 0 : first.number - 1
    while true {
      let answer = try await get("/users/@me/guilds?limit=\(Self.guildsMax)&after=\(after)", for: caller)
      let ids = try list(answer, "guilds").compactMap { $0["id"]?.stringValue.flatMap { Snowflake($0) } }.sorted()
      let behind = ids.filter { $0.number > after }
      if let found = behind.first(where: { intake.normaliser.allow.allows(guild: $0) }) { return found }
      guard ids.count >= Self.guildsMax, let last = behind.last else { return nil }
      after = last.number
    }
  }

  private func channels(
    of guild: Snowflake,
    for caller: HistoryCaller
  ) async throws -> [(id: Snowflake, space: SpacePage.Space)] {
    var objects: [JSON] = []
    do {
      objects = try list(await get("/guilds/\(guild)/channels", for: caller), "channels")
      let active = try await get("/guilds/\(guild)/threads/active", for: caller)
      objects += (try? JSON.parse(active.body))?["threads"]?.arrayValue ?? []
    } catch let refusal as HistoryRefusal where refusal.status == 403 || refusal.status == 404 {
      // A guild that the bot has left meanwhile, or whose threads it does not see.
    }
    return objects.compactMap { space($0, of: guild) }.sorted { $0.id < $1.id }
  }

  private func space(_ object: JSON, of guild: Snowflake) -> (id: Snowflake, space: SpacePage.Space)? {
    guard let type = object["type"]?.intValue, Self.types.contains(type),
      let id = object["id"]?.stringValue.flatMap({ Snowflake($0) }), let urn = try? URN(account.space(id))
    else { return nil }
    let parent = Self.threads.contains(type) ? object["parent_id"]?.stringValue.flatMap { Snowflake($0) } : nil
    let place = Place(guild: guild, parent: parent)
    guard intake.normaliser.allow.verdict(channel: id, guild: guild, place: place) == .allowed else { return nil }
    return (id, SpacePage.Space(urn: urn, name: object["name"]?.stringValue?.prefix(utf8: Self.nameMax)))
  }

  private func list(_ answer: RESTAnswer, _ what: String) throws(ProviderError) -> [JSON] {
    guard let list = (try? JSON.parse(answer.body))?.arrayValue else {
      throw ProviderError("expected a list of \(what), found \(answer.body.count) bytes of something else")
    }
    return list
  }
}
