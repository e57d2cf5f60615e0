internal import PluginKit
internal import ProviderKit

/// What the operator says about posting.
struct PostSettings {
  /// The most messages that one wish may become; what does not fit them is attached as a file.
  var partsMax = 10
  /// Whom a wish may have notified.
  var mentions: Set<AllowedMentions.Kind> = []
  /// The most bytes of a file: what Discord takes from a bot in a guild without boosts.
  var fileMax = 10 << 20

  init() {}

  /// Reads `parts_max`, `mentions` and `file_max`.
  init(_ config: Config) throws {
    partsMax = try config.int("parts_max", default: partsMax, in: 1...32)
    fileMax = try config.bytes("file_max", default: fileMax)
    mentions = Set(
      try config.strings("mentions", default: []).map { word in
        guard let kind = AllowedMentions.Kind(rawValue: word) else {
          throw ProviderError("config.mentions: expected of users, roles, everyone, found \"\(word)\"")
        }
        return kind
      }
    )
  }
}
