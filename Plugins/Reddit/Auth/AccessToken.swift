internal import PluginKit
internal import ProviderKit

/// What Reddit gives for the credentials, for a time.
struct AccessToken: Sendable {
  let text: String
  /// When it ends, in nanoseconds since 1970.
  let expires: Int64
  let scopes: Scopes
  /// The refresh token that came with it, where Reddit replaces them.
  let refreshToken: String?

  /// Reads the answer to a request that was sent at a time in nanoseconds since 1970; nil if it has none.
  init?(_ answer: RESTAnswer, at sent: Int64) {
    guard answer.status == 200, let json = try? JSON.parse(answer.body), let text = json["access_token"]?.stringValue,
      Self.isToken(text)
    else { return nil }
    /// How long a token is good for if that is not said, s: an hour, the shortest that Reddit gives.
    let seconds = json["expires_in"]?.doubleValue.map { min(max($0, 0), 365 * 86_400) } ?? 3600
    self.text = text
    expires = sent + Int64(seconds) * 1_000_000_000
    scopes = Scopes(json["scope"]?.stringValue ?? "")
    refreshToken = json["refresh_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether some text can stand in a head.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  // MARK: - Between processes

  private static let version: Int64 = 1

  /// Reads what `bytes` wrote.
  init?(bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), json["version"]?.intValue == Self.version,
      let text = json["access_token"]?.stringValue, Self.isToken(text), let expires = json["expires"]?.intValue
    else { return nil }
    self.text = text
    self.expires = expires
    scopes = Scopes(json["scope"]?.stringValue ?? "")
    refreshToken = json["refresh_token"]?.stringValue
  }

  /// What another process of the tenant needs to go on with it.
  var bytes: [UInt8] {
    var json: JSONObject = [
      "version": .int(Self.version), "access_token": .string(text), "expires": .int(expires),
      "scope": .string(scopes.description),
    ]
    json["refresh_token"] = refreshToken.map { .string($0) }
    return JSON.object(json).bytes()
  }
}
