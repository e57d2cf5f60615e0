internal import PluginKit

/// What is to be looked at when.
@PluginActor
final class Agenda {
  enum Matter {
    case bucket(Bucket)
    case gate(Gate)
    /// A ticket that is of no use any more from then on.
    case latest(Ticket)
  }

  private let clock: Clock
  /// The latest first.
  private var entries: [(time: Int64, matter: Matter)] = []
  /// For when somebody sleeps.
  private var armed: Int64?
  private var last: Int64 = 0
  private var offset: Int64 = 0
  /// Called for what is due.
  var look: ((Matter) -> Void)?
  /// Called when nobody can wait any more.
  var end: ((any Error) -> Void)?

  init(clock: Clock) {
    self.clock = clock
  }

  /// Nanoseconds that never go back: if the wall clock is set back, that does not make anybody wait.
  var now: Int64 {
    let wall = clock.now.nanoseconds
    offset = max(offset, last - wall)
    last = wall + offset
    return last
  }

  /// A time of the wall clock's, as the agenda has it.
  func time(ofWall wall: Int64) -> Int64 {
    _ = now
    return wall.addingReportingOverflow(offset).overflow ? .max : wall + offset
  }

  /// Has something looked at when its time has come; more often does no harm.
  func add(_ matter: Matter, at time: Int64) {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].time > time { low = middle + 1 } else { high = middle }
    }
    entries.insert((time, matter), at: low)
    arm()
  }

  private func arm() {
    guard let time = entries.last?.time, armed.map({ time < $0 }) ?? true else { return }
    armed = time
    let duration = Duration.nanoseconds(max(0, time - now))
    Task {
      do {
        try await clock.sleep(for: duration)
      } catch {
        end?(error)
        return
      }
      if armed == time { armed = nil }
      lookAtDue()
    }
  }

  private func lookAtDue() {
    let now = now
    while let entry = entries.last, entry.time <= now {
      entries.removeLast()
      look?(entry.matter)
    }
    arm()
  }
}
