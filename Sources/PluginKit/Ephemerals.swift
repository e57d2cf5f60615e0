internal import PluginABI

/// How many envelopes that nobody waits for, those of ephemeral areas, an instance holds: no more than `limit`.
///
/// The host gives them no credit, so nothing else bounds them. What comes beyond is dropped, as it is where the channel
/// has no room.
@PluginActor
struct Ephemerals {
  /// How many are being handled or wait, at most: eight batches of the runner's, and 16 MiB if each were as large as an
  /// envelope can be.
  nonisolated static let limit = 256

  private let host: HostHandle
  private var held = 0
  private var dropped = 0

  init(host: HostHandle) {
    self.host = host
  }

  /// Counts one in; false if there is no place for it.
  mutating func enter() -> Bool {
    guard held < Self.limit else {
      if dropped == 0 {
        let reason = "\(Self.limit) ephemeral envelopes are being handled or wait: more are dropped"
        host.log(PROMETHEAN_LOG_WARN, reason, fields: [])
      }
      dropped += 1
      return false
    }
    held += 1
    return true
  }

  /// Counts one out, and says how many were dropped once none is left.
  mutating func leave() {
    held -= 1
    guard held == 0, dropped > 0 else { return }
    host.log(PROMETHEAN_LOG_WARN, "\(dropped) ephemeral envelopes were dropped", fields: [])
    dropped = 0
  }
}
