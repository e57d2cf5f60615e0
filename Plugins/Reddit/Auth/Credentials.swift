internal import PluginKit
internal import ProviderKit

/// The credentials of an app of Reddit's, and of the account that it acts for.
///
/// Which of them are granted says how the app gets its access tokens: with a refresh token by that; with a password, as
/// apps of the type "script" may, by that and the account's name; else as an app without any account, which can read and
/// not write.
///
/// Source: https://github.com/reddit-archive/reddit/wiki/OAuth2
@PluginActor
struct Credentials {
  /// The names by which the manifest's `secrets.read` grants them.
  nonisolated static let clientID = "reddit_client_id"
  nonisolated static let username = "reddit_username"
  nonisolated static let clientSecret = "reddit_client_secret"
  nonisolated static let password = "reddit_password"
  nonisolated static let refreshToken = "reddit_refresh_token"

  let secrets: Secrets

  /// The app's id, as it stands below its name at https://www.reddit.com/prefs/apps.
  func clientID() throws(RESTFailure) -> String {
    guard let id = text(Self.clientID), id.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") })
    else {
      throw .refused(
        "credential \(Self.clientID): expected the app's id, which stands below its name at "
          + "https://www.reddit.com/prefs/apps, found nothing or something else"
      )
    }
    return id
  }

  /// The account's name; nil: nobody has said.
  var username: String? { text(Self.username) }

  /// What is asked for an access token with.
  func request(refreshToken newer: String?) throws(RESTFailure) -> FormFields {
    var form = FormFields()
    if let token = newer ?? text(Self.refreshToken) {
      form.add("grant_type", "refresh_token")
      form.add("refresh_token", token)
    } else if let password = text(Self.password) {
      guard let username else {
        throw .refused(
          "credential \(Self.username): expected the name of the account that the password is of, found nothing"
        )
      }
      form.add("grant_type", "password")
      form.add("username", username)
      form.add("password", password)
    } else {
      form.add("grant_type", "client_credentials")
    }
    return form
  }

  /// The value of `Authorization` for a request with the app's own id and secret; apps that cannot keep a secret have an
  /// empty one.
  func basic() throws(RESTFailure) -> String {
    "Basic " + Base64.encode(Array("\(try clientID()):\(text(Self.clientSecret) ?? "")".utf8))
  }

  /// Whether there is an account to act for.
  var hasAccount: Bool { text(Self.refreshToken) != nil || text(Self.password) != nil }

  /// What is kept between processes opens with all of them and no others.
  var seal: Seal? {
    let secret = [Self.clientSecret, Self.password, Self.refreshToken].map { text($0) ?? "" }
    guard secret.contains(where: { !$0.isEmpty }) else { return nil }
    let all = secret + [Self.clientID, Self.username].map { text($0) ?? "" }
    return Seal(credential: all.map { "\($0.utf8.count):\($0)" }.joined(), purpose: "access token")
  }

  private func text(_ name: String) -> String? {
    guard let text = try? secrets.text(name), !text.isEmpty else { return nil }
    return text
  }
}
