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
    /// A file that keeps what a server must know that is started after this one was killed.
    package var state: String?
    /// Public subreddits; none: some of each type.
    package var subreddits: [String] = []
    /// So many calls of an account in so many seconds; Reddit's own, if none are given.
    package var allowance: (calls: Int, seconds: Double)?
    /// Files of recordings, or directories of them, which alone it answers from.
    package var recordings: [String] = []

    package init() {}

    /// What its program is told.
    var words: [String] {
      var words = state.map { ["--state", $0] } ?? []
      words += subreddits.flatMap { ["--subreddit", $0] }
      if let allowance { words += ["--allowance", "\(allowance.calls)", "--window", "\(allowance.seconds)"] }
      if !recordings.isEmpty { words += ["--replay"] + recordings }
      return words
    }
  }

  package let server: PythonServer
  /// Who may log in.
  package let accounts: [Account]
  /// The subreddits that there are from the start.
  package let subreddits: [String]

  /// The directory of its programs.
  package static let place = "\(Products.package)/Tests/Fixtures/RedditServer"
  /// Recordings of Reddit's answers, which are not always there.
  package static let recordings = "\(Products.package)/../shared/data/reddit"

  /// Starts it.
  package convenience init(_ options: Options = Options()) async throws {
    self.init(running: try await PythonServer("\(Self.place)/server.py", options.words))
  }

  package init(running server: PythonServer) {
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
}
