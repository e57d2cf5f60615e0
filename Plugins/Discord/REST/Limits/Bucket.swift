internal import PluginKit
internal import ProviderKit

/// Calls that share one limit of Discord's, and those of them that wait.
///
/// While it is not known how many calls may go, one goes at a time. Reads go together as far as the limit allows; writes
/// go one after the other, since two connections would let one overtake the other.
@PluginActor
final class Bucket {
  /// What keeps buckets apart: a name of Discord's, or the kind of a route until that is known; and the major parameter.
  struct Key: Hashable {
    let name: String
    let isLearnt: Bool
    let major: String
  }

  /// The calls that Discord still takes until a time.
  private struct Window {
    let limit: Int
    var remaining: Int
    var end: Int64
  }

  /// How much later than said a bucket is taken to be full: what is said is rounded to milliseconds.
  private static let margin: Int64 = 5_000_000

  let key: Key
  var waiting = FairQueue<Ticket>()
  /// When it will be looked at again.
  var reminder: Int64?
  private(set) var underway: [Ticket] = []
  /// Nothing goes before this time.
  private(set) var blockedUntil: Int64 = 0
  private var window: Window?
  /// How long windows are, at most, by what was said so far.
  private var length: Int64 = 0
  /// Whether answers come without a word on limits.
  private var isUnlimited = false
  /// The least that was said to remain since nothing was under way: answers may overtake each other.
  private var lowest = Int.max

  init(_ key: Key) {
    self.key = key
  }

  // MARK: - Going

  /// Takes the next ticket that may go now.
  func next(_ now: Int64) -> Ticket? {
    guard blockedUntil <= now else { return nil }
    if let window, window.end <= now { self.window = nil }
    guard window.map({ $0.remaining > 0 }) ?? (isUnlimited || underway.isEmpty) else { return nil }
    let hasWrite = underway.contains { $0.route.isWrite }
    let isBusy = !underway.isEmpty
    let ticket = waiting.pop { !($0.route.isWrite && hasWrite) && !($0.route.isMisreported && isBusy) }
    guard let ticket else { return nil }
    if underway.isEmpty { lowest = .max }
    underway.append(ticket)
    window?.remaining -= 1
    return ticket
  }

  /// When something that waits may go, as far as that is a matter of time; nil where it waits for an answer.
  func due(_ now: Int64) -> Int64? {
    if waiting.isEmpty { return nil }
    if blockedUntil > now { return blockedUntil }
    if let window, window.remaining <= 0, window.end > now { return window.end }
    return nil
  }

  /// When a ticket's turn comes at the earliest.
  func turn(of ticket: Ticket, _ now: Int64) -> Int64 {
    let start = max(blockedUntil, now)
    guard let window, window.end > start else { return start }
    let ahead = waiting.ahead(of: ticket)
    if ahead < window.remaining { return start }
    return window.end + Int64((ahead - max(0, window.remaining)) / window.limit) * length
  }

  func block(until time: Int64) {
    blockedUntil = max(blockedUntil, time)
    window = nil
  }

  // MARK: - Coming back

  /// A ticket's call has ended, or will not be sent.
  func leave(_ ticket: Ticket) {
    underway.removeAll { $0 === ticket }
  }

  /// What was let through was not sent.
  func giveBack() {
    window?.remaining += 1
  }

  /// Learns from an answer, whose ticket has left.
  func learn(_ headers: RateHeaders, isSuccess: Bool, _ now: Int64) {
    guard let limit = headers.limit, let remaining = headers.remaining, let after = headers.resetAfter else {
      // An error may come from a machine before Discord's that knows no limits.
      if isSuccess { isUnlimited = true }
      return
    }
    isUnlimited = false
    length = max(length, after)
    lowest = min(lowest, remaining)
    let left: Int
    if underway.isEmpty {
      left = lowest
    } else if let window {
      left = min(window.remaining, remaining)
    } else {
      left = remaining - underway.count
    }
    window = Window(limit: limit, remaining: max(0, left), end: now + after + Self.margin)
  }

  /// Takes over what belongs to a route from the bucket that it was in.
  func adopt(_ kind: String, from other: Bucket) {
    for ticket in other.waiting.all where ticket.route.kind == kind {
      other.waiting.remove(ticket)
      waiting.insert(ticket)
      ticket.bucket = self
    }
    for ticket in other.underway where ticket.route.kind == kind {
      underway.append(ticket)
      window?.remaining -= 1
      ticket.bucket = self
    }
    other.underway.removeAll { $0.route.kind == kind }
    blockedUntil = max(blockedUntil, other.blockedUntil)
  }

  /// Whether forgetting it changes nothing.
  func isIdle(_ now: Int64) -> Bool {
    waiting.isEmpty && underway.isEmpty && blockedUntil <= now && (window?.end ?? 0) <= now
  }
}
