internal import PluginKit

/// How a shard is.
enum ShardState: Hashable, Sendable {
  /// Not begun yet, paused or stopped.
  case idle
  /// On its way to a new session, since then, ns since 1970; and why it took more than one try.
  case connecting(since: Int64, words: String)
  /// On its way back to its session.
  case resuming(since: Int64, words: String)
  /// It gets events.
  case running(since: Int64)
  /// It may not begin a session before some time, in milliseconds since 1970.
  case refused(until: Int64, words: String)
  /// It is not tried again until a person has changed something.
  case failed(GatewayFailure)
}

/// How a gateway is, for people.
struct GatewayHealth: Hashable, Sendable {
  /// How long a shard may be away before it counts, ns: a resumption takes less than a second, a session begun anew
  /// waits its turn.
  static let grace: Int64 = 30_000_000_000

  /// The state of each shard.
  var shards: [ShardState]
  /// How long the gateway took to acknowledge each shard's last heartbeat; nil if it has not yet.
  var latencies: [Duration?]
  /// Why there is no shard yet.
  var words = ""
  /// Since when, ns since 1970.
  var since: Int64 = 0
  /// Why there will be none.
  var failure: GatewayFailure?

  /// What to show at some time, ns since 1970.
  func health(at now: Int64) -> Health {
    if let failure { return .unwell("gateway: \(failure)") }
    if shards.isEmpty { return now - since > Self.grace ? .unwell("gateway: no shard yet: \(words)") : .well }
    let troubles = shards.enumerated().compactMap { number, state in
      Self.trouble(state, now).map { "shard \(number) of \(shards.count) \($0)" }
    }
    // One line is enough for a person; the log has the others.
    let more = troubles.count > 1 ? "; and \(troubles.count - 1) more shards are away" : ""
    return troubles.first.map { .unwell("gateway: \($0)\(more)") } ?? .well
  }

  private static func trouble(_ state: ShardState, _ now: Int64) -> String? {
    switch state {
    case .idle, .running: nil
    case .connecting(let since, let words): away("has been connecting", since, words, now)
    case .resuming(let since, let words): away("has been resuming its session", since, words, now)
    case .refused(_, let words): "waits: \(words)"
    case .failed(let failure): "has failed: \(failure)"
    }
  }

  private static func away(_ what: String, _ since: Int64, _ words: String, _ now: Int64) -> String? {
    guard now - since > grace else { return nil }
    return "\(what) for \((now - since) / 1_000_000_000) s" + (words.isEmpty ? "" : ": \(words)")
  }
}
