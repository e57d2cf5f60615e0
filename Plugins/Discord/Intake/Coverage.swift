/// Which events of a shard's session are covered: all that came of them, and of all before them, is recorded.
///
/// Only up to there may a session be resumed later: what comes after it, the gateway sends again then.
final class Coverage {
  /// What an event is known by until it is covered: entries count on over sessions.
  struct Ticket: Sendable, Hashable {
    fileprivate let number: Int
  }

  private struct Entry {
    let sequence: Int64
    /// How many envelopes of it are still being recorded.
    var open: Int
  }

  /// The id of the session; empty: none has begun.
  private(set) var session = ""
  /// The number of the last event that is covered; nil: none of this session is.
  private(set) var sequence: Int64?
  private var entries: [Entry] = []
  /// How many entries at the beginning of the list are covered already.
  private var gone = 0
  /// The ticket of the first of the list.
  private var first = 0
  /// Entries that are dropped from the list at once: often enough to stay small, seldom enough to cost nothing.
  private static let sweep = 1024

  /// Whether everything taken is covered.
  var isComplete: Bool { gone == entries.count }

  /// Forgets the session before; what is still being recorded of it covers nothing any more.
  func begin(_ session: String, at sequence: Int64? = nil) {
    first += entries.count
    entries.removeAll(keepingCapacity: true)
    gone = 0
    (self.session, self.sequence) = (session, sequence)
  }

  /// Takes note of an event and of how many envelopes came of it.
  func add(_ sequence: Int64, envelopes: Int) -> Ticket {
    entries.append(Entry(sequence: sequence, open: envelopes))
    let ticket = Ticket(number: first + entries.count - 1)
    settle()
    return ticket
  }

  /// Takes note that one envelope of an event is recorded.
  func recorded(_ ticket: Ticket) {
    let index = ticket.number - first
    // One of a session before, or of a generation of numbers that was swept away.
    guard index >= gone, index < entries.count else { return }
    entries[index].open -= 1
    if index == gone { settle() }
  }

  private func settle() {
    while gone < entries.count, entries[gone].open == 0 {
      sequence = entries[gone].sequence
      gone += 1
    }
    guard gone >= Self.sweep else { return }
    entries.removeFirst(gone)
    first += gone
    gone = 0
  }
}
