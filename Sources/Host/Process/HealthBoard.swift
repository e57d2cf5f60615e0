internal import Locking

/// What the health pages say, put up by the loop and read by the telemetry server's threads.
final class HealthBoard: Sendable {
  private let state = Locked<(unhealthy: [String], unready: [String])>(([], ["starting"]))

  var unhealthy: [String] { state.withLock { $0.unhealthy } }
  var unready: [String] { state.withLock { $0.unready } }

  func update(unhealthy: [String], unready: [String]) {
    state.withLock { $0 = (unhealthy, unready) }
  }
}
