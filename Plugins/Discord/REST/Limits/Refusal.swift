internal import PluginKit
internal import ProviderKit

/// A 429: who is too fast, and until when.
struct Limited: Sendable, Hashable {
  enum Scope: String, Sendable {
    /// The bot, in this bucket.
    case user
    /// Everybody together, on this channel or message: no fault of the bot's.
    case shared
    /// The bot, over all buckets.
    case global
    /// The machine: Cloudflare lets nothing through to Discord any more.
    case machine
  }

  /// How long a machine keeps silent that is not told for how long, ns.
  static let machineWait: Int64 = 60_000_000_000
  /// How long to wait where nothing usable is said, ns.
  static let wait: Int64 = 1_000_000_000

  let scope: Scope
  /// Nanoseconds until it may be tried again.
  let retryAfter: Int64

  /// Reads an answer; nil unless its status is 429.
  init?(_ answer: RESTAnswer) {
    guard answer.status == 429 else { return nil }
    let seconds = (try? JSON.parse(answer.body))?["retry_after"]?.doubleValue
    let header = answer.header("retry-after").flatMap(RateHeaders.nanoseconds)
    // Every limit of Discord's own says in JSON how long it lasts; a ban does not, be it a page of Cloudflare's (without
    // `Via`, since it never reached Discord) or the words "you are being blocked".
    guard let seconds else {
      scope = .machine
      retryAfter = header.map { max($0, Self.wait) } ?? Self.machineWait
      return
    }
    let isGlobal =
      answer.header("x-ratelimit-global")?.lowercased() == "true"
      || answer.header("x-ratelimit-scope") == Scope.global.rawValue
    scope = isGlobal ? .global : answer.header("x-ratelimit-scope") == Scope.shared.rawValue ? .shared : .user
    // Of a shared limit the bucket's own headers tell something else; the body is the most exact.
    retryAfter = RateHeaders.nanoseconds(seconds) ?? header ?? Self.wait
  }
}

extension RESTAnswer {
  /// Discord's number for what went wrong, from the body of an error.
  ///
  /// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
  var errorCode: Int64? { status < 400 ? nil : (try? JSON.parse(body))?["code"]?.intValue }

  /// Whether it says that the bot's token is no token, and not only that it is not for this.
  var refusesToken: Bool { status == 401 && [nil, 0, 40001].contains(errorCode) }

  /// Whether it says that the webhook that was called is gone, or its token wrong.
  var refusesWebhook: Bool {
    switch (status, errorCode) {
    case (404, 10015), (401, 50027): true
    default: false
    }
  }

  /// Whether it counts towards Cloudflare's ban.
  var isInvalid: Bool {
    status == 401 || status == 403 || Limited(self).map { $0.scope != .shared } ?? false
  }
}
