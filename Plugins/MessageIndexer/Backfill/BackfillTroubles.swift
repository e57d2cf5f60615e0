internal import PluginKit

/// What cannot be fetched now: since when, and when it is to be tried again.
///
/// It is in memory alone: another process tries at once, and has patience of its own.
@PluginActor
final class BackfillTroubles {
  private struct Trouble {
    let since: Int64
    var tries = 0
    var until: Int64 = 0
  }

  /// The first and the longest wait, ns.
  private static let first: Int64 = 500_000_000
  private static let longest: Int64 = 60_000_000_000
  /// How long a delivery is held at most while it waits, ns: less than any deadline, and soon let go of at a reload.
  private static let napMax: Int64 = 2_000_000_000

  private let settings: BackfillSettings
  private var troubles: [String: Trouble] = [:]
  /// How many pages are being fetched of each tenant.
  private var underWay: [String: Int] = [:]

  init(_ settings: BackfillSettings) {
    self.settings = settings
  }

  /// Waits a little, and has what is handled delivered again, while a lane is not to be tried.
  func rest(_ lane: String, _ clock: Clock) async throws(HostError) {
    guard let trouble = troubles[lane] else { return }
    let left = trouble.until - clock.now.nanoseconds
    guard left > 0 else { return }
    try await postpone(left, "not before its time", clock)
  }

  /// A lane has failed: waits a little, and has what is handled delivered again; returns when that is no use any more.
  func failed(_ lane: String, _ reason: String, after wait: Int64, _ clock: Clock) async throws(HostError) {
    let now = clock.now.nanoseconds
    var trouble = troubles[lane] ?? Trouble(since: now)
    guard now - trouble.since < settings.patience else { return }
    let usual = min(Self.longest, Self.first << Int64(min(trouble.tries, 16)))
    // Half of it is left to chance, so that lanes do not come back together.
    let pause = max(wait, usual / 2 + Int64.random(in: 0...usual / 2))
    (trouble.tries, trouble.until) = (trouble.tries + 1, now + pause)
    troubles[lane] = trouble
    try await postpone(pause, reason, clock)
  }

  /// A lane goes on, or is over.
  func over(_ lane: String) { troubles[lane] = nil }

  /// Begins to fetch a page of a tenant, where not too many are being fetched already; `leave` follows.
  func enter(_ tenant: String, _ clock: Clock) async throws(HostError) {
    guard underWay[tenant, default: 0] < settings.concurrency else {
      return try await postpone(Self.first, "others are being fetched", clock)
    }
    underWay[tenant, default: 0] += 1
  }

  /// A page has been fetched, or has not.
  func leave(_ tenant: String) {
    let count = underWay[tenant, default: 1] - 1
    underWay[tenant] = count > 0 ? count : nil
  }

  private func postpone(_ wait: Int64, _ reason: String, _ clock: Clock) async throws(HostError) {
    try? await clock.sleep(for: .nanoseconds(min(wait, Self.napMax)))
    throw HostError(.unavailable, reason)
  }
}
