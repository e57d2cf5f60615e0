internal import PluginKit
internal import ProviderKit

/// Has an access token whenever one is needed: asks for it, asks anew before it ends, and once more when Reddit refuses it.
///
/// One request serves all who wait. What it got is kept sealed in the host's state, so that a new process goes on with
/// it.
@PluginActor
final class Authorizer {
  /// The document of the state.
  nonisolated static let document = "reddit-token"
  /// How long before its end a token is replaced, ns: what is on its way with it then still arrives in time.
  static let margin: Int64 = 60_000_000_000
  /// How long an answer to a request for a token may take, ns.
  static let patience: Int64 = 30_000_000_000

  private let context: Context
  private let credentials: Credentials
  private let http: any HTTPSending
  private let settings: RESTSettings
  private var current: AccessToken?
  /// The refresh token that has replaced the operator's.
  private var refreshToken: String?
  private var isLoaded = false
  private var isAsking = false
  /// Those that wait for what comes of a request; nil: they are to look again.
  private var waiting: [CheckedContinuation<Result<AccessToken, RESTFailure>?, Never>] = []
  /// How often there were other credentials.
  private var generation = 0
  /// Why there is none, until there are other credentials.
  private(set) var refusal: String?
  /// Told of the scopes of each new token.
  var onToken: (Scopes) -> Void = { _ in }

  init(context: Context, credentials: Credentials, http: any HTTPSending, settings: RESTSettings) {
    (self.context, self.credentials, self.http, self.settings) = (context, credentials, http, settings)
  }

  /// A token that is good for some time.
  func token() async throws(RESTFailure) -> AccessToken {
    while true {
      if let refusal { throw .refused(refusal) }
      if let current, current.expires - Self.margin > context.clock.now.nanoseconds { return current }
      if isAsking {
        let result = await PluginActor.staying {
          await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<AccessToken, RESTFailure>?, Never>) in
            // Looked at here, where nothing can come between: whoever asked may be done.
            if isAsking { waiting.append(continuation) } else { continuation.resume(returning: nil) }
          }
        }
        if let result { return try result.get() }
        continue
      }
      isAsking = true
      var result: Result<AccessToken, RESTFailure>?
      do throws(RESTFailure) {
        if isLoaded { result = try await ask().map { .success($0) } } else { await load() }
      } catch {
        result = .failure(error)
      }
      isAsking = false
      let woken = waiting
      waiting = []
      // That whoever has asked waits no longer is nothing to the others.
      var isCancelled = false
      if case .failure(.cancelled) = result { isCancelled = true }
      for continuation in woken { continuation.resume(returning: isCancelled ? nil : result) }
      if let result { return try result.get() }
    }
  }

  /// Forgets a token that Reddit has refused.
  func refused(_ token: AccessToken) {
    if current?.text == token.text { current = nil }
  }

  /// There are other credentials, which are to be tried.
  func secretsChanged() {
    (current, refreshToken, refusal) = (nil, nil, nil)
    generation += 1
    // They may be those that were there before, and what was got for them is good still.
    isLoaded = false
  }

  /// What the app calls itself, as Reddit asks for it: by a name that no other app has.
  ///
  /// Source: https://github.com/reddit-archive/reddit/wiki/API#rules
  func userAgent() throws(RESTFailure) -> String {
    guard settings.userAgent.isEmpty else { return settings.userAgent }
    let owner = credentials.username.map { " (by /u/\($0))" } ?? ""
    return "linux:promethean.\(try credentials.clientID()):v0.1.0\(owner)"
  }

  // MARK: - Asking

  /// Asks; nil: the credentials have been replaced meanwhile, and the answer is of no use.
  private func ask() async throws(RESTFailure) -> AccessToken? {
    let asked = generation
    let form = try credentials.request(refreshToken: refreshToken)
    let request = HTTPRequest(
      method: "POST",
      url: settings.tokenURL,
      headers: [
        ("User-Agent", try userAgent()), ("Authorization", try credentials.basic()),
        ("Content-Type", FormFields.contentType),
      ],
      body: Array(form.encoded.utf8)
    )
    let sent = context.clock.now.nanoseconds
    let answer = try await http.send(request, until: sent + Self.patience)
    guard asked == generation else { return nil }
    guard let token = AccessToken(answer, at: sent) else {
      let failure = failure(answer)
      if case .refused(let words) = failure {
        // A refresh token that has replaced another may be the one that is refused: the operator's is tried next.
        if refreshToken != nil { refreshToken = nil } else { refusal = words }
        context.log.error(words)
      }
      throw failure
    }
    current = token
    if let newer = token.refreshToken { refreshToken = newer }
    context.metrics.add("tokens_total")
    onToken(token.scopes)
    await keep(token)
    return token
  }

  /// Why an answer has no token: for good, until there are other credentials, or for now.
  private func failure(_ answer: RESTAnswer) -> RESTFailure {
    let error = (try? JSON.parse(answer.body))?["error"]?.stringValue ?? ""
    switch (answer.status, error) {
    case (401, _):
      return .refused(
        "Reddit does not know the app (POST access_token: 401): compare the credentials \(Credentials.clientID) and "
          + "\(Credentials.clientSecret) with https://www.reddit.com/prefs/apps, write them where the tenant's "
          + "credentials say, and run promethean secrets rotate"
      )
    case (200...499, "unsupported_grant_type"), (200...499, "unauthorized_client"):
      return .refused(
        "Reddit does not let this type of app ask so (POST access_token: \(answer.status) \(error)): a password needs an app "
          + "of the type script, made by the same account"
      )
    case (200...499, "invalid_grant"), (400, _):
      return .refused(
        credentials.hasAccount
          ? "Reddit does not take the account's credential (POST access_token: \(answer.status) \(error)): a refresh token "
            + "may have been revoked, a password may be wrong or the account have two-factor authentication, which needs a "
            + "refresh token"
          : "Reddit gives this app no token without an account (POST access_token: \(answer.status) \(error)): grant a "
            + "\(Credentials.refreshToken), or a \(Credentials.password) to an app of the type script"
      )
    default:
      return .unreachable("POST access_token: expected an access token, found \(answer.status) \(error)")
    }
  }

  // MARK: - Keeping

  private func load() async {
    let asked = generation
    defer { if asked == generation { isLoaded = true } }
    guard let seal = credentials.seal else { return }
    do throws(HostError) {
      guard let document = try await context.state.get(Self.document), asked == generation,
        let bytes = seal.open(document.bytes), let token = AccessToken(bytes: bytes)
      else { return }
      refreshToken = token.refreshToken
      if token.expires - Self.margin > context.clock.now.nanoseconds { current = token }
      if current != nil { onToken(token.scopes) }
    } catch {
      context.log.warning("the token of before is not known: \(error)")
    }
  }

  private func keep(_ token: AccessToken) async {
    guard let seal = credentials.seal else { return }
    let kept = AccessToken(token, refreshToken: refreshToken)
    do throws(HostError) {
      try await context.state.put(Self.document, seal.seal(kept.bytes))
    } catch {
      context.log.warning("the token is not kept for the next process: \(error)")
    }
  }
}

extension AccessToken {
  /// The token, with a refresh token that came with it or with one before.
  fileprivate init(_ token: AccessToken, refreshToken: String?) {
    (text, expires, scopes) = (token.text, token.expires, token.scopes)
    self.refreshToken = refreshToken
  }
}
