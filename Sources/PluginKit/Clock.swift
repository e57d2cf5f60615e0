public import Envelope

/// The time as the host has it, and timers that need no thread.
@PluginActor
public struct Clock {
  let timers: Timers

  /// What time it is.
  public var now: Timestamp { timers.now }

  /// Returns after `duration`.
  ///
  /// - Throws: `CancellationError` at once when the task is cancelled or the instance has stopped; `HostError` without
  ///   the grant `clock`.
  public func sleep(for duration: Duration) async throws {
    try await timers.sleep(for: duration)
  }
}
