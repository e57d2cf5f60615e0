/// What a close code of the gateway's asks for.
///
/// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
struct CloseCode: Hashable, Sendable {
  /// How to go on.
  enum Remedy: Hashable {
    /// Not at all, until a person has changed something.
    case fatal
    /// With a new session.
    case identify
    /// With the same session.
    case resume
  }

  /// The code that this side closes with: any but 1000 and 1001, which would end the session.
  static let own: UInt16 = 4000

  let number: UInt16

  init(_ number: UInt16) {
    self.number = number
  }

  /// How to go on: also after a code that nobody knows yet, and after 1000 and 1006, the session is there still.
  var remedy: Remedy {
    switch number {
    case 4004, 4010, 4011, 4012, 4013, 4014: .fatal
    case 4003, 4007, 4009: .identify
    default: .resume
    }
  }

  /// What it means, in a few words.
  var meaning: String {
    switch number {
    case 4000: "unknown error"
    case 4001: "unknown opcode"
    case 4002: "a payload could not be decoded"
    case 4003: "not authenticated, or the session was invalidated"
    case 4004: "the token was not accepted"
    case 4005: "already authenticated"
    case 4007: "invalid sequence number"
    case 4008: "too many payloads"
    case 4009: "the session timed out"
    case 4010: "invalid shard"
    case 4011: "sharding is required"
    case 4012: "invalid version of the API"
    case 4013: "invalid intents"
    case 4014: "an intent is not allowed"
    case 1000, 1001: "closed by the gateway"
    case 1005, 1006: "closed without a code"
    default: "closed"
    }
  }
}

/// Why a gateway is not tried again until a person has changed something, in words that say what.
struct GatewayFailure: Error, Hashable, CustomStringConvertible {
  /// The close code that it came with, or would have come with.
  let code: UInt16
  let description: String

  /// Whether another token could help.
  var isOfToken: Bool { code == 4004 }

  /// The token is not accepted, or there is none.
  static func token(of account: Account, _ found: String) -> GatewayFailure {
    let place = "where plugins.yml has the credential bot_token of \(account) come from"
    let text = """
      \(found). Make a new token in Discord's Developer Portal > the application > Bot > Reset Token, put it \(place), \
      and run `promethean secrets rotate \(account)`
      """
    return GatewayFailure(code: 4004, description: text)
  }

  /// Privileged intents are asked for that the owner has not enabled.
  static func intents(_ missing: [(name: String, toggle: String, flags: Int)]) -> GatewayFailure {
    let names = missing.map(\.name).joined(separator: ", ")
    let toggles = missing.map { "\"\($0.toggle)\"" }.joined(separator: " and ")
    let text = """
      the application does not have the privileged intent \(names). Enable \(toggles) in Discord's Developer Portal > \
      the application > Bot > Privileged Gateway Intents and start again, or leave \(names) out of config.intents
      """
    return GatewayFailure(code: 4014, description: text)
  }

  /// What a fatal close code says to a beginner.
  init(_ code: CloseCode, account: Account, intents: Intents, shard: Int, of count: Int) {
    switch code.number {
    case 4004:
      self = .token(of: account, "Discord does not accept the token (4004)")
    case 4014 where !intents.privileged.isEmpty:
      self = .intents(intents.privileged)
    case 4010:
      let text =
        "Discord refuses shard \(shard) of \(count) (4010): leave config.shards out, so that its number is used"
      self.init(code: 4010, description: text)
    case 4011:
      let text = """
        the bot is in too many guilds for \(count) shards (4011): leave config.shards out, so that the number that \
        Discord recommends is used, and start again
        """
      self.init(code: 4011, description: text)
    case 4012:
      let text =
        "Discord does not speak version 10 of its gateway any more (4012): a newer version of this plugin is needed"
      self.init(code: 4012, description: text)
    case 4013:
      let names = intents.names.joined(separator: ", ")
      let text = "Discord does not know the intents (4013) \(names), \(intents.rawValue): correct config.intents"
      self.init(code: 4013, description: text)
    default:
      self.init(code: code.number, description: "Discord closed the gateway for good: \(code.meaning) (\(code.number))")
    }
  }

  private init(code: UInt16, description: String) {
    self.code = code
    self.description = description
  }
}
