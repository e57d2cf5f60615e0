internal import Locking

/// Somebody who follows the log, at their own pace: what they do not take in time is dropped and counted.
///
/// It ends when it is let go.
package final class LogSubscription: Sendable {
  private struct State {
    var entries: [LogEntry]
    var dropped = 0
  }

  private let filter: LogFilter
  private let capacity: Int
  private let wake: @Sendable () -> Void
  private let state: Locked<State>

  init(_ filter: LogFilter, capacity: Int, backlog: [LogEntry], wake: @escaping @Sendable () -> Void) {
    self.filter = filter
    self.capacity = capacity
    self.wake = wake
    state = Locked(State(entries: backlog))
  }

  /// Takes the entries that have come, and how many were dropped since the last time.
  package func take() -> (entries: [LogEntry], dropped: Int) {
    state.withLock { state in
      defer { state = State(entries: []) }
      return (state.entries, state.dropped)
    }
  }

  /// Offers an entry; the first after a `take` wakes.
  func offer(_ entry: LogEntry) {
    guard filter.matches(entry) else { return }
    let isFirst = state.withLock { state in
      guard state.entries.count < capacity else {
        state.dropped += 1
        return false
      }
      state.entries.append(entry)
      return state.entries.count == 1
    }
    if isFirst { wake() }
  }
}

/// A subscription that is not kept from ending.
struct WeakLogSubscription {
  weak var value: LogSubscription?
}
