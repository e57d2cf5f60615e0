/// What waits in a `FairQueue`.
public protocol FairlyQueued: AnyObject {
  /// Who asks.
  var requester: String { get }
  /// Its number in the order of all, which it keeps however often it waits.
  var number: UInt64 { get }
  /// Whether it goes only when nobody else may, as what is fetched of the past does.
  var isPatient: Bool { get }
}

extension FairlyQueued {
  /// Most are not.
  public var isPatient: Bool { false }
}

/// Tickets by requester: the requesters take turns, and each one's tickets keep their order.
///
/// A requester is patient in all that it asks for, or in nothing.
public struct FairQueue<Ticket: FairlyQueued> {
  /// The tickets of each requester by their numbers; no line is empty.
  private var lines: [String: [Ticket]] = [:]
  /// Whose turn it is, and who follows.
  private var turns: [String] = []

  /// Creates a queue in which nobody waits.
  public init() {}

  /// Whether nobody waits.
  public var isEmpty: Bool { turns.isEmpty }

  /// All that wait, in the order of their numbers.
  public var all: [Ticket] { lines.values.flatMap(\.self).sorted { $0.number < $1.number } }

  /// Puts a ticket where its number belongs, so that one that comes again has its old place.
  public mutating func insert(_ ticket: Ticket) {
    if lines[ticket.requester] == nil { turns.append(ticket.requester) }
    var line = lines.removeValue(forKey: ticket.requester) ?? []
    let place = line.lastIndex { $0.number < ticket.number }.map { $0 + 1 } ?? 0
    line.insert(ticket, at: place)
    lines[ticket.requester] = line
  }

  /// Takes the ticket of the next requester whose first one may go; a patient one only where no other may.
  public mutating func pop(where mayGo: (Ticket) -> Bool) -> Ticket? {
    pop(first: { !$0.isPatient && mayGo($0) }) ?? pop(first: { $0.isPatient && mayGo($0) })
  }

  private mutating func pop(first mayGo: (Ticket) -> Bool) -> Ticket? {
    for (place, requester) in turns.enumerated() {
      guard let ticket = lines[requester]?.first, mayGo(ticket) else { continue }
      turns.remove(at: place)
      turns.append(requester)
      remove(ticket)
      return ticket
    }
    return nil
  }

  /// Takes a ticket out; false if it is not there.
  @discardableResult
  public mutating func remove(_ ticket: Ticket) -> Bool {
    guard let place = lines[ticket.requester]?.firstIndex(where: { $0 === ticket }) else { return false }
    lines[ticket.requester]?.remove(at: place)
    if lines[ticket.requester]?.isEmpty == true {
      lines[ticket.requester] = nil
      turns.removeAll { $0 == ticket.requester }
    }
    return true
  }

  /// How many go before a ticket, if none comes after it.
  public func ahead(of ticket: Ticket) -> Int {
    let own = lines[ticket.requester]?.count { $0.number < ticket.number } ?? 0
    return lines.reduce(own) { $1.key == ticket.requester ? $0 : $0 + min($1.value.count, own + 1) }
  }
}
