internal import PluginKit

/// What the operator wants kept, and how much it may cost.
struct Settings {
  /// Bytes of one attachment.
  let bytesMax: Int
  /// Media types that are kept.
  let types: [StarPattern]
  /// How long one may take, and how long it waits for its turn before that.
  let timeout: Duration
  /// How many are fetched at once.
  let concurrency: Int

  init(_ config: Config) throws {
    bytesMax = try config.bytes("bytes_max", default: 10 << 20)
    types = try config.strings("types", default: ["*"]).map(StarPattern.init)
    timeout = try config.duration("timeout", default: .seconds(10))
    concurrency = try config.int("concurrency", default: 8, in: 1...64)
  }

  /// Whether attachments of a media type are kept.
  func allows(_ type: String) -> Bool { types.contains { $0.matches(type) } }
}
