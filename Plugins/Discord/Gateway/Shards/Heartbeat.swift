internal import PluginKit

/// The heartbeat of one connection: beats, and notices when the other side is gone.
///
/// A connection is dead if, since the last beat, neither its acknowledgement nor anything else came. Anything else
/// counts since a busy gateway acknowledges late; and while reading is paused nothing can come, so nothing is judged.
@PluginActor
final class Heartbeat {
  /// What an interval may be, ms; 41 250 is usual.
  static let intervals: ClosedRange<Int64> = 50...600_000

  private let connection: any GatewayConnection
  private let clock: Clock
  private let interval: Duration
  private var isAcknowledged = true
  private var lastReceived: Int64?
  private var sentAt: Int64?

  init(every interval: Duration, over connection: any GatewayConnection, clock: Clock) {
    self.interval = interval
    self.connection = connection
    self.clock = clock
  }

  /// Beats until the task is cancelled, or the connection is found dead.
  ///
  /// - Parameters:
  ///   - jitter: From 0 up to 1: which part of the interval passes before the first beat.
  ///   - beat: Sends one; what it returns says why the connection is of no use any more, or nil.
  /// - Returns: Why the connection is dead; nil if the task was cancelled.
  func run(jitter: Double, _ beat: () -> String?) async -> String? {
    var pause = interval * jitter
    while true {
      do { try await clock.sleep(for: pause) } catch { return nil }
      if !isAcknowledged, connection.lastReceived == lastReceived, !connection.isPaused {
        return "nothing came for a whole heartbeat interval of \(interval)"
      }
      isAcknowledged = false
      lastReceived = connection.lastReceived
      sent()
      if let reason = beat() { return reason }
      pause = interval
    }
  }

  /// A beat has left, of its own accord or because the gateway asked for one.
  func sent() {
    sentAt = clock.now.nanoseconds
  }

  /// A beat is acknowledged; returns how long that took, once for each.
  func acknowledged() -> Duration? {
    isAcknowledged = true
    defer { sentAt = nil }
    return sentAt.map { .nanoseconds(max(0, clock.now.nanoseconds - $0)) }
  }
}
