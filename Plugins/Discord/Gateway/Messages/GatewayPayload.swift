internal import PluginKit

/// What is sent to a gateway.
enum GatewayPayload {
  /// The most bytes of one; a longer one would close the connection with 4002.
  static let bytesMax = 4096

  /// Guilds of more members than this come without those that are offline: the least there is, since nobody asks.
  private static let largeThreshold = 50

  static func heartbeat(sequence: Int64) -> [UInt8] {
    payload(.heartbeat, sequence > 0 ? .int(sequence) : nil)
  }

  static func identify(token: String, shard: Int, of count: Int, intents: Intents, presence: Presence) -> [UInt8] {
    payload(
      .identify,
      [
        "token": .string(token), "intents": .int(Int64(intents.rawValue)),
        "properties": ["os": "linux", "browser": "promethean", "device": "promethean"],
        "shard": [.int(Int64(shard)), .int(Int64(count))], "presence": presence.json, "compress": false,
        "large_threshold": .int(Int64(largeThreshold)),
      ]
    )
  }

  static func resume(token: String, session: String, sequence: Int64) -> [UInt8] {
    payload(.resume, ["token": .string(token), "session_id": .string(session), "seq": .int(sequence)])
  }

  static func presence(_ presence: Presence) -> [UInt8] {
    payload(.presence, presence.json)
  }

  private static func payload(_ opcode: GatewayMessage.Opcode, _ data: JSON) -> [UInt8] {
    JSON.object(["op": .int(Int64(opcode.rawValue)), "d": data]).bytes()
  }
}
