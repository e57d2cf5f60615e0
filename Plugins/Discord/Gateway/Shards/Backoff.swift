/// How long to wait before the next try to connect.
///
/// The first is made at once, since most connections are lost by chance or at the gateway's wish; the others after
/// any part of a time that doubles ("full jitter"), so that bots that were cut off together do not come back together.
struct Backoff {
  /// What the second try waits at most, ms.
  private static let first = 500.0
  /// What any try waits at most, ms: an outage of Discord's lasts minutes, and nobody wants to wait much longer than it.
  private static let longest = 60_000.0
  /// How long a connection must have run for its end to be the first of a new row, ns.
  ///
  /// Otherwise a gateway that takes everybody in and throws them out again would be asked without a pause.
  static let lasting: Int64 = 30_000_000_000

  /// Tries since the last connection that lasted.
  private(set) var tries = 0

  /// What to wait before the next try, given a random number from 0 up to 1.
  mutating func next(_ random: Double) -> Duration {
    defer { tries += 1 }
    guard tries > 0 else { return .zero }
    // Beyond these doublings the longest holds anyway.
    let doublings = min(tries - 1, 16)
    return .milliseconds(Int64(random * min(Self.longest, Self.first * Double(1 << doublings))))
  }

  /// Begins a new row.
  mutating func reset() {
    tries = 0
  }
}
