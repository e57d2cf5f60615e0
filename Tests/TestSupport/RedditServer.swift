internal import Envelope

/// The Reddit of Tests/Fixtures/RedditServer, on loopback; it ends with this object, or with the tests.
///
/// What it can be told and asked is in its control.py, what can go wrong in its faults.py.
package final class RedditServer: ControlledServer {
  /// An account that may log in, with the app for scripts that is its own.
  package struct Account: Sendable {
    package let name: String
    package let password: String
    package let client: String
    package let secret: String
    /// Of no use any more where the server renews them, once it was used.
    package let refreshToken: String
  }

  /// How a server is started.
  package struct Options: Sendable {
    /// Whether it speaks TLS too; see `authority`.
    package var isSecure = false
    /// A file that keeps what a server must know that is started after this one was killed.
    package var state: String?
    /// The names of accounts; none: two, with names of the server's making.
    package var accounts: [String] = []
    /// Public subreddits; none: some of each type.
    package var subreddits: [String] = []
    /// So many calls of an account in so many seconds; Reddit's own, if none are given.
    package var allowance: (calls: Int, seconds: Double)?
    /// Files of recordings, or directories of them, which alone it answers from.
    package var recordings: [String] = []
    /// What stands for `<NAME>` in recordings.
    package var placeholders: [String: String] = [:]
    /// Where it listens; what is missing the kernel picks.
    package var ports: [String: UInt16] = [:]

    package init() {}
  }

  package let server: PythonServer
  /// Who may log in.
  package let accounts: [Account]
  /// The subreddits that there are from the start.
  package let subreddits: [String]
  /// The certificate of the authority that its own is of.
  package var authority: String { certificates.file("authority.pem") }
  private let options: Options
  private let certificates: TemporaryDirectory

  /// The directory of its programs.
  package static let place = "\(Products.package)/Tests/Fixtures/RedditServer"
  /// Recordings of Reddit's answers, which are not always there.
  package static let recordings = "\(Products.package)/../shared/data/reddit"

  /// Starts it.
  package convenience init(_ options: Options = Options()) async throws {
    let certificates = try TemporaryDirectory()
    if options.isSecure { try certificates.makeCertificates() }
    try await self.init(options, certificates: certificates)
  }

  private init(_ options: Options, certificates: TemporaryDirectory) async throws {
    self.options = options
    self.certificates = certificates
    var words: [String] = []
    if options.isSecure { words += ["--tls", certificates.path] }
    if let state = options.state { words += ["--state", state] }
    for account in options.accounts { words += ["--account", account] }
    for subreddit in options.subreddits { words += ["--subreddit", subreddit] }
    if let allowance = options.allowance {
      words += ["--allowance", "\(allowance.calls)", "--window", "\(allowance.seconds)"]
    }
    if !options.recordings.isEmpty { words += ["--replay"] + options.recordings }
    for (name, value) in options.placeholders { words += ["--placeholder", "\(name)=\(value)"] }
    let server = try await PythonServer("\(Self.place)/server.py", words, ports: options.ports)
    self.server = server
    accounts = (server.said["accounts"]?.arrayValue ?? []).map { account in
      let text = { (name: String) in account[name]?.stringValue ?? "" }
      return Account(
        name: text("name"),
        password: text("password"),
        client: text("client_id"),
        secret: text("client_secret"),
        refreshToken: text("refresh_token")
      )
    }
    subreddits = (server.said["subreddits"]?.arrayValue ?? []).compactMap(\.stringValue)
  }

  /// Starts it again where it listened before, with the state that it has kept.
  package func started() async throws -> RedditServer {
    var options = options
    options.ports = ports
    return try await RedditServer(options, certificates: certificates)
  }

  /// Where both www.reddit.com, which tokens are from, and oauth.reddit.com are.
  package func url(isSecure: Bool = false) -> String {
    isSecure ? "https://localhost:\(ports["secure"] ?? 0)" : "http://127.0.0.1:\(ports["plain"] ?? 0)"
  }
}
