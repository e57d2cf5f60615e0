internal import PluginKit
internal import ProviderKit

/// What the operator decides about a gateway.
struct GatewaySettings: Sendable {
  /// Which events to ask for.
  var intents: Intents
  /// How many shards; nil: as many as Discord recommends.
  var shards: Int?
  /// How the gateway is to compress what it sends.
  var compression = GatewayCompression.zstdStream
  /// How the bot shows itself.
  var presence = Presence()
  /// How many session starts of Discord's daily allowance are left alone.
  ///
  /// When the allowance is used up, Discord ends all sessions and resets the token; so many are left for a person who
  /// looks into it.
  var identifyFloor = 50
  /// How many sessions one shard begins within 24 hours.
  ///
  /// One that runs well begins one in weeks. With the floor it leaves 1000 - 40 to everything else that has the token.
  var identifyBudget = 40
  /// How many messages of one channel are fetched that were missed.
  var backfillPerChannel = 1000
  /// How many of all channels.
  var backfillTotal = 10_000

  /// The standard intents, and the defaults of everything else.
  init() throws(ProviderError) {
    intents = try Intents(names: Intents.standard)
  }

  /// Reads `intents`, `shards`, `compression`, `presence`, `identify` and `backfill`, none of which must be there.
  init(_ config: Config) throws {
    try self.init()
    intents = try Intents(names: config.strings("intents", default: Intents.standard))
    let count = try config.int("shards", default: 0, in: 0...16_384)
    shards = count == 0 ? nil : count
    let name = try config.string("compression", default: compression.rawValue)
    guard let compression = GatewayCompression(rawValue: name) else {
      let expected = GatewayCompression.allCases.map(\.rawValue).joined(separator: ", ")
      throw ProviderError("config.compression: expected \(expected), found \"\(name)\"")
    }
    self.compression = compression
    presence = try Presence(config.nested("presence"))
    let identify = try config.nested("identify")
    identifyFloor = try identify.int("floor", default: identifyFloor, in: 0...100_000)
    identifyBudget = try identify.int("budget", default: identifyBudget, in: 1...1000)
    let backfill = try config.nested("backfill")
    backfillPerChannel = try backfill.int("channel_max", default: backfillPerChannel, in: 0...100_000)
    backfillTotal = try backfill.int("total_max", default: backfillTotal, in: 0...1_000_000)
  }

  /// A gateway's URL with the query that it is to be connected to with.
  func url(_ base: String) -> String {
    var url = base
    if !url.contains("?") {
      // A path must stand before the query.
      let authority = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
      if !authority.contains("/") { url += "/" }
      url += "?"
    } else if !url.hasSuffix("?") && !url.hasSuffix("&") {
      url += "&"
    }
    url += "v=10&encoding=json"
    return compression == .none ? url : url + "&compress=\(compression.rawValue)"
  }
}
