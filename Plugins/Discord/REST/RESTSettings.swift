/// What an operator can set about calls of the REST API.
struct RESTSettings: Sendable {
  /// Where the API is; no slash at the end.
  var baseURL = "https://discord.com/api/v10"
  /// As Discord asks for it: `DiscordBot ($url, $version)`; a name that nobody has, where the operator gives no URL.
  var userAgent = "DiscordBot (https://promethean.invalid, 0.1.0)"
  /// Calls in a second; Discord allows 50 by default.
  var rate = 50
  /// How many calls of one requester wait.
  var waitingMax = 256
  /// How many invalid requests in ten minutes it takes until nothing is sent any more.
  var invalidMost = 5000
  /// How often a call is sent at most.
  var triesMax = 6
  /// How long somebody waits who has not said how long, ns.
  var patience: Int64 = 60_000_000_000
}
