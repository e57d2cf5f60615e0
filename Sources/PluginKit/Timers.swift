internal import Envelope

/// Tasks that sleep, on as few timers of the host's as wake the earliest of them in time.
///
/// So an instance may sleep as often as it likes, whatever the host's limit on timers.
@PluginActor
final class Timers {
  /// The token by which the host completes a timer; calls count theirs from 1.
  static let token = UInt64.max

  private struct Sleeper {
    var id: UInt64
    var due: Int64
    var continuation: CheckedContinuation<Bool, Never>
  }

  private let host: HostHandle
  private var sleepers: [Sleeper] = []
  private var armed: [Int64] = []
  private var lastID: UInt64 = 0
  private var isClosed = false

  init(host: HostHandle) {
    self.host = host
  }

  /// What time it is, also without the grant.
  var now: Timestamp {
    host.realtime().map(Timestamp.init(nanoseconds:)) ?? Timestamp.now
  }

  /// Returns after `duration`; throws at once when the task is cancelled.
  func sleep(for duration: Duration) async throws {
    guard let now = host.monotonic() else { throw HostError(.denied, "sleep: the grant `clock` is missing") }
    let due = now.addingSaturated(max(0, duration.nanoseconds))
    lastID += 1
    let id = lastID
    let slept = await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { continuation in
          // Looked at here, where nothing can come between: a cancellation that came before finds no sleeper.
          guard !Task.isCancelled, !isClosed else { return continuation.resume(returning: false) }
          sleepers.append(Sleeper(id: id, due: due, continuation: continuation))
          arm()
        }
      }
    } onCancel: {
      PluginActor.task { [self] in cancel(id) }
    }
    if !slept { throw CancellationError() }
  }

  /// Wakes those whose time has come.
  func fired() {
    guard let now = host.monotonic() else { return }
    if let earliest = armed.indices.min(by: { armed[$0] < armed[$1] }) { armed.remove(at: earliest) }
    wake(true) { $0.due <= now }
    arm()
  }

  /// Asks the host for a timer if the earliest sleeper has none; also after the host had no room for one.
  func arm() {
    guard let due = sleepers.lazy.map({ $0.due }).min() else { return }
    guard !armed.contains(where: { $0 <= due }) else { return }
    guard let now = host.monotonic(), host.timer(after: max(0, due - now), token: Self.token) else { return }
    armed.append(due)
  }

  /// Wakes all with a cancellation, and whoever will want to sleep.
  func close() {
    isClosed = true
    wake(false) { _ in true }
  }

  private func cancel(_ id: UInt64) {
    wake(false) { $0.id == id }
  }

  private func wake(_ slept: Bool, where isDue: (Sleeper) -> Bool) {
    for sleeper in sleepers where isDue(sleeper) { sleeper.continuation.resume(returning: slept) }
    sleepers.removeAll(where: isDue)
  }
}

extension Int64 {
  /// The sum, or the largest number where it would be larger.
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension Duration {
  /// Whole nanoseconds, as far as they fit 64 bits (292 years).
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !whole.overflow else { return seconds < 0 ? .min : .max }
    return whole.partialValue + attoseconds / 1_000_000_000
  }
}
