internal import PluginKit

/// What lets whoever has it act as somebody, and so never leaves the plugin.
///
/// It is found by its key, at any depth of any event: a table of events and places would miss what Discord adds tomorrow.
enum EventRedaction {
  /// What stands in the place of a secret.
  static let mark = Array("\"[redacted]\"".utf8)

  /// Keys whose values are secrets wherever they stand.
  static let secret: [String] = [
    "token",  // of an interaction (INTERACTION_CREATE), of a voice server (VOICE_SERVER_UPDATE), of a webhook
    "access_token", "refresh_token", "id_token", "client_secret",  // of OAuth2
    "secret_key",  // of a voice session
    "secrets",  // of an activity (PRESENCE_UPDATE, GUILD_CREATE): who has them joins or watches the game
  ]

  /// Keys whose values are secrets if they are where a webhook is posted to.
  private static let places = ["url", "webhook_url"]
  /// All keys that are looked for.
  static let keys = JSONKeys(secret + places)

  /// A value as it is written, without what is secret in it.
  static func redacted(_ data: JSONView) -> ArraySlice<UInt8> {
    let found = data.descendants(named: keys)
    guard !found.isEmpty else { return data.bytes }
    var bytes: [UInt8] = []
    var rest = data.bytes
    for view in found where view.range.lowerBound >= rest.startIndex && isSecret(view) {
      bytes += rest[..<view.range.lowerBound]
      bytes += mark
      rest = rest[view.range.upperBound...]
    }
    return bytes.isEmpty ? rest : (bytes + rest)[...]
  }

  private static func isSecret(_ view: JSONView) -> Bool {
    if view.isNull { return false }
    guard let key = view.key, places.contains(key) else { return true }
    return view.string.map(isWebhook) == true
  }

  /// Whether a URL is a webhook's, whose path ends in its id and its token.
  static func isWebhook(_ url: String) -> Bool {
    let parts = url.utf8.split(whereSeparator: { "/?#".utf8.contains($0) })
    guard let place = parts.firstIndex(where: { $0.elementsEqual("webhooks".utf8) }) else { return false }
    let rest = parts[(place + 1)...]
    return rest.count >= 2 && Snowflake(Substring(rest[place + 1])) != nil
  }
}
