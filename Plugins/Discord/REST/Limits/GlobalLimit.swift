internal import PluginKit
internal import ProviderKit

/// How many calls go in a second, over all buckets.
///
/// Each call holds one of so many slots until a second after its answer. When the call after the last of them is sent,
/// one of the slots has become free, so the server got that slot's call more than a second before: whatever the
/// network's jitter, no second at the server, wherever it begins, holds more calls than there are slots. Spacing, or
/// counting from when calls are sent, would need a guess at the jitter.
///
/// A call whose answer takes long is taken to have arrived after `arrival`, so that slow ones do not use up the slots.
///
/// Some slots are kept for each requester that has called lately: who floods takes the rest, and others find room at
/// once instead of a second later. For a patient one none are kept, and it takes none of those that are kept for others.
struct GlobalLimit {
  private struct Slot {
    let requester: String
    /// When the call was sent; once it is answered, when the slot becomes free.
    var time: Int64
  }

  /// A second, and what clocks and timers may be wrong by, ns.
  static let window: Int64 = 1_010_000_000
  /// After which time a call has arrived at the server or never will, ns.
  static let arrival: Int64 = 2_000_000_000
  /// How long slots are kept for a requester after it has called, ns.
  static let memory: Int64 = 10_000_000_000

  let slots: Int
  /// Slots of calls that are not answered, by number.
  private var sent: [UInt64: Slot] = [:]
  /// Their numbers in the order in which they were sent.
  private var order: [UInt64] = []
  /// Slots of answered calls, in the order in which they become free.
  private var ending: [Slot] = []
  /// How many slots each requester holds.
  private var held: [String: Int] = [:]
  /// When each requester last sent a call.
  private var last: [String: Int64] = [:]

  init(slots: Int) {
    self.slots = slots
  }

  /// How many slots are kept for each requester: a fifth of all, and of half of them no more than is fair.
  private var kept: Int { min(slots / 5, slots / (2 * max(1, last.count))) }

  /// Frees the slots whose time has come.
  mutating func refresh(_ now: Int64) {
    let ended = ending.prefix { $0.time <= now }
    for slot in ended { free(slot) }
    ending.removeFirst(ended.count)
    while let first = order.first, let slot = sent[first], slot.time + Self.arrival + Self.window <= now {
      giveBack(first)
    }
    last = last.filter { $0.value + Self.memory > now }
  }

  private mutating func free(_ slot: Slot) {
    let count = held[slot.requester, default: 0] - 1
    held[slot.requester] = count > 0 ? count : nil
  }

  /// Whether there is a slot for a requester, after `refresh`.
  func hasRoom(for requester: String, isPatient: Bool = false) -> Bool {
    let free = slots - sent.count - ending.count
    guard free > 0 else { return false }
    if !isPatient, held[requester, default: 0] < kept { return true }
    let others = last.keys.lazy.filter { $0 != requester }.map { max(0, kept - held[$0, default: 0]) }
    return free > others.reduce(0, +)
  }

  /// A call is sent.
  mutating func take(_ number: UInt64, for requester: String, isPatient: Bool = false, _ now: Int64) {
    sent[number] = Slot(requester: requester, time: now)
    order.append(number)
    held[requester, default: 0] += 1
    if !isPatient { last[requester] = now }
  }

  /// When a slot becomes free even if no answer comes.
  var due: Int64? {
    let late = order.first.flatMap { sent[$0] }.map { $0.time + Self.arrival + Self.window }
    guard let end = ending.first?.time else { return late }
    return late.map { min($0, end) } ?? end
  }

  /// A call has been answered, or its connection broke.
  mutating func ended(_ number: UInt64, _ now: Int64) {
    guard var slot = remove(number) else { return }
    slot.time = now + Self.window
    ending.append(slot)
  }

  /// A call was not sent.
  mutating func giveBack(_ number: UInt64) {
    if let slot = remove(number) { free(slot) }
  }

  private mutating func remove(_ number: UInt64) -> Slot? {
    guard let slot = sent.removeValue(forKey: number) else { return nil }
    if let place = order.firstIndex(of: number) { order.remove(at: place) }
    return slot
  }
}

/// Where calls pass that their buckets have let through.
@PluginActor
final class Gate {
  var queue = FairQueue<Ticket>()
  /// Nil: there is none.
  var limit: GlobalLimit?
  var pausedUntil: Int64 = 0
  /// When it will be looked at again.
  var reminder: Int64?

  init(slots: Int?) {
    limit = slots.map(GlobalLimit.init)
  }

  /// Takes the next ticket that may pass now.
  func next(_ now: Int64) -> Ticket? {
    guard pausedUntil <= now else { return nil }
    limit?.refresh(now)
    return queue.pop { [limit] in limit?.hasRoom(for: $0.requester, isPatient: $0.isPatient) ?? true }
  }

  /// When something that waits may pass, if nothing is heard before.
  func due(_ now: Int64) -> Int64? {
    if queue.isEmpty { return nil }
    return pausedUntil > now ? pausedUntil : limit?.due
  }
}
