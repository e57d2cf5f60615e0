/// What an operator can set about calls of the API.
struct RESTSettings: Sendable {
  /// Where the API is; no slash at the end.
  var baseURL = "https://oauth.reddit.com"
  /// Where access tokens are asked for.
  var tokenURL = "https://www.reddit.com/api/v1/access_token"
  /// What the app calls itself, empty: by a name made of its id; Reddit answers names that many have with 429.
  var userAgent = ""
  /// Calls in a minute; Reddit allows an app 100.
  var perMinute = 100
  /// How many calls of one requester wait.
  var waitingMax = 256
  /// How often a call is sent at most.
  var triesMax = 6
  /// How long somebody waits who has not said how long, ns.
  var patience: Int64 = 60_000_000_000
}
