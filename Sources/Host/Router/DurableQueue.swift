/// What one consumer has yet to handle of the journal: a bounded window of envelopes, each waiting, leased or settled.
///
/// The queue keeps the promises of delivery: each envelope to one member at a time; those of one key in their order,
/// each when the one before is settled; nothing forgotten until it is settled. It knows nothing of instances, rings or
/// disks, which is what makes its promises testable: members are numbers, time is a parameter.
package struct DurableQueue {
  /// Envelopes held in memory per consumer: enough to keep a fast consumer busy while a page is read, and what a slow
  /// one costs at most.
  package static let windowEntries = 1024
  /// Bytes held in memory per consumer.
  package static let windowBytes = 4 << 20

  /// One envelope that is to be handled.
  package struct Entry {
    /// Its place in the journal.
    package let sequence: Int64
    /// The envelope as it is recorded.
    package fileprivate(set) var bytes: [UInt8]
    /// Hash of its key; 0 for one that has none.
    package let key: UInt64
    /// How often it was delivered and not handled.
    package fileprivate(set) var failures: UInt32
    /// Whether a member died while it held this, so that it is tried again alone.
    fileprivate var isSuspect = false
    fileprivate var state: State = .waiting(until: 0)

    fileprivate enum State: Equatable {
      /// To be delivered, not before that time.
      case waiting(until: Int64)
      /// With a member.
      case leased(member: Int)
      /// Handled by a member whose generation may yet not stay; it holds up nothing behind it.
      case withheld(member: Int)
      /// Handled; it is kept until all before it are.
      case settled
    }
  }

  /// A member of the consumer that can be given something.
  package struct Member {
    /// Which one.
    package let id: Int
    /// How many envelopes it holds.
    package var load: Int
    /// How many it may hold.
    package let limit: Int
    /// Whether it holds something that must be alone, or has said that it is full.
    package var isClosed = false

    /// Describes a member.
    package init(id: Int, load: Int, limit: Int) {
      self.id = id
      self.load = load
      self.limit = limit
    }

    var hasRoom: Bool { !isClosed && load < limit }
  }

  /// Everything up to here is settled.
  package private(set) var cursor: Int64
  /// Everything up to here has been offered.
  package private(set) var position: Int64
  /// What was settled before a restart.
  private let earlier: SettledSequences
  /// Failures from before a restart.
  private var failures: [Int64: UInt32]

  /// The window, oldest first; those before `first` are gone.
  private var entries: [Entry] = []
  private var first = 0
  private var bytes = 0
  /// The keys of which an envelope is leased.
  private var leasedKeys: Set<UInt64> = []
  /// Members that hold a suspect, which is alone there.
  private var isolated: Set<Int> = []
  /// The member that a suspect waits for.
  private var reserved: Int?
  /// Nothing before this index of `entries` is waiting.
  private var firstWaiting = 0

  /// Resumes where a consumer was.
  ///
  /// - Parameters:
  ///   - settled: What it is done with.
  ///   - failures: How often what it is not done with has failed.
  package init(settled: SettledSequences, failures: [Int64: UInt32] = [:]) {
    earlier = settled
    cursor = settled.cursor
    position = settled.cursor
    self.failures = failures
  }

  /// Whether the window takes another envelope.
  package var hasRoom: Bool { entries.count - first < Self.windowEntries && bytes < Self.windowBytes }
  /// How many envelopes are in the window and not settled.
  package var count: Int { entries[first...].count { $0.state != .settled } }
  /// How many are leased.
  package private(set) var leased = 0
  /// Whether anything waits, now or later.
  package var hasWaiting: Bool {
    entries[max(firstWaiting, first)...].contains { if case .waiting = $0.state { true } else { false } }
  }

  /// What is settled, to be recorded.
  package var settled: SettledSequences {
    var settled = SettledSequences(cursor: cursor)
    var previous = cursor
    // What lies between two entries of the window was never for this consumer, so it counts as settled and ranges stay
    // few.
    for entry in entries[first...] {
      if entry.sequence > previous + 1 { settled.insert(previous + 1...entry.sequence - 1) }
      if entry.state == .settled { settled.insert(entry.sequence) }
      previous = entry.sequence
    }
    if position > previous { settled.insert(previous + 1...position) }
    for range in earlier.ranges where range.upperBound > position {
      settled.insert(max(range.lowerBound, position + 1)...range.upperBound)
    }
    return settled
  }

  // MARK: - Filling

  /// Takes the next envelope that is for this consumer.
  package mutating func offer(sequence: Int64, bytes: [UInt8], key: UInt64) {
    guard sequence > position else { return }
    position = sequence
    let failed = failures.removeValue(forKey: sequence) ?? 0
    if earlier.contains(sequence) {
      advance()
      return
    }
    entries.append(Entry(sequence: sequence, bytes: bytes, key: key, failures: failed))
    self.bytes += bytes.count
  }

  /// Notes that nothing up to a sequence is for this consumer beyond what it was offered.
  package mutating func pass(to sequence: Int64) {
    position = max(position, sequence)
    advance()
  }

  // MARK: - Giving out

  /// Gives what can be given to members that have room.
  ///
  /// - Parameters:
  ///   - now: The monotonic time.
  ///   - members: The members that are ready. Their loads are brought up to date.
  ///   - deliver: Hands an entry to a member; false: that member has no room after all.
  package mutating func dispatch(now: Int64, to members: inout [Member], deliver: (Entry, Int) -> Bool) {
    for index in members.indices where isolated.contains(members[index].id) { members[index].isClosed = true }
    reserved = nil
    // One of a key at a time: were a second already on its way when the first fails, it would be handled before the
    // first is tried again.
    var blocked = leasedKeys
    var sawWaiting = false
    for index in max(firstWaiting, first)..<entries.count {
      guard case .waiting(let until) = entries[index].state else { continue }
      if !sawWaiting { (sawWaiting, firstWaiting) = (true, index) }
      let key = entries[index].key
      if key != 0, blocked.contains(key) { continue }
      guard until <= now, let member = choose(for: entries[index], among: members) else {
        guard members.contains(where: \.hasRoom) else { return }
        if entries[index].isSuspect, until <= now { reserve(among: &members) }
        if key != 0 { blocked.insert(key) }
        continue
      }
      guard deliver(entries[index], members[member].id) else {
        members[member].isClosed = true
        if key != 0 { blocked.insert(key) }
        continue
      }
      lease(index, to: &members[member])
      if key != 0 { blocked.insert(key) }
    }
    if !sawWaiting { firstWaiting = entries.count }
  }

  /// Keeps the member that holds fewest free of anything more, so that a suspect, which waits for one that holds
  /// nothing, gets its turn.
  private mutating func reserve(among members: inout [Member]) {
    let open = members.indices.filter { members[$0].hasRoom }
    guard let idlest = open.min(by: { members[$0].load < members[$1].load }) else { return }
    members[idlest].isClosed = true
    reserved = members[idlest].id
  }

  private func choose(for entry: Entry, among members: [Member]) -> Int? {
    let candidate = members.indices.filter { members[$0].hasRoom }.min { members[$0].load < members[$1].load }
    guard let candidate, entry.isSuspect, members[candidate].load > 0 else { return candidate }
    return nil
  }

  private mutating func lease(_ index: Int, to member: inout Member) {
    entries[index].state = .leased(member: member.id)
    leased += 1
    member.load += 1
    if entries[index].isSuspect {
      member.isClosed = true
      isolated.insert(member.id)
    }
    if entries[index].key != 0 { leasedKeys.insert(entries[index].key) }
  }

  /// Whether a member holds a suspect, or is kept free for one, so that it is given nothing else.
  package func isKeptFree(_ member: Int) -> Bool {
    isolated.contains(member) || reserved == member
  }

  // MARK: - Taking back

  /// Settles an envelope: it has been handled, or has gone to the dead letters.
  ///
  /// - Returns: Whether it was leased or waiting here.
  @discardableResult
  package mutating func settle(_ sequence: Int64) -> Bool {
    guard let index = index(of: sequence), entries[index].state != .settled else { return false }
    endLease(index)
    entries[index].state = .settled
    bytes -= entries[index].bytes.count
    entries[index].bytes = []
    advance()
    return true
  }

  /// Notes that a member has handled an envelope, which does not count yet.
  package mutating func withhold(_ sequence: Int64) {
    guard let index = index(of: sequence), case .leased(let member) = entries[index].state else { return }
    endLease(index)
    entries[index].state = .withheld(member: member)
  }

  /// What a member has handled that does not count yet, oldest first.
  package func withheld(by member: Int) -> [Int64] {
    entries[first...].filter { $0.state == .withheld(member: member) }.map(\.sequence)
  }

  /// Has what a member handled, and did not count, be delivered again.
  package mutating func takeBackWithheld(by member: Int) {
    for index in first..<entries.count where entries[index].state == .withheld(member: member) {
      entries[index].state = .waiting(until: 0)
      firstWaiting = min(firstWaiting, index)
    }
  }

  /// Takes an envelope back to deliver it again.
  ///
  /// - Parameters:
  ///   - sequence: Which.
  ///   - counting: Whether this counts as a failure.
  ///   - until: The time before which it is not delivered.
  /// - Returns: The entry with its failures so far; nil if it was not leased.
  package mutating func takeBack(_ sequence: Int64, counting: Bool, until: Int64) -> Entry? {
    guard let index = index(of: sequence), case .leased = entries[index].state else { return nil }
    endLease(index)
    if counting { entries[index].failures += 1 }
    entries[index].state = .waiting(until: until)
    firstWaiting = min(firstWaiting, index)
    return entries[index]
  }

  /// Has an envelope that waits wait until a time.
  package mutating func delay(_ sequence: Int64, until: Int64) {
    guard let index = index(of: sequence), case .waiting = entries[index].state else { return }
    entries[index].state = .waiting(until: until)
  }

  /// Keeps an envelope that waits: it is given to nobody until `giveKept`.
  package mutating func keep(_ sequence: Int64) { delay(sequence, until: .max) }

  /// Has what is kept be given out.
  package mutating func giveKept() {
    for index in first..<entries.count where entries[index].state == .waiting(until: .max) {
      entries[index].state = .waiting(until: 0)
      firstWaiting = min(firstWaiting, index)
    }
  }

  /// Takes back everything that a member held when it ended.
  ///
  /// - Parameters:
  ///   - member: Which.
  ///   - isSuspect: Whether one of them may have been the reason: each counts a failure and is tried again alone.
  ///   - until: The time before which they are not delivered.
  /// - Returns: The entries, with their failures so far.
  package mutating func memberEnded(_ member: Int, isSuspect: Bool, until: Int64) -> [Entry] {
    var taken: [Entry] = []
    for index in first..<entries.count where entries[index].state == .leased(member: member) {
      let sequence = entries[index].sequence
      guard takeBack(sequence, counting: isSuspect, until: until) != nil else { continue }
      entries[index].isSuspect = isSuspect
      taken.append(entries[index])
    }
    return taken
  }

  /// What waits and is of some kind.
  package func waiting(where isMeant: ([UInt8]) -> Bool) -> [Int64] {
    entries[first...].compactMap { entry in
      guard case .waiting = entry.state, isMeant(entry.bytes) else { return nil }
      return entry.sequence
    }
  }

  private mutating func endLease(_ index: Int) {
    guard case .leased(let member) = entries[index].state else { return }
    leased -= 1
    if entries[index].isSuspect { isolated.remove(member) }
    leasedKeys.remove(entries[index].key)
  }

  private func index(of sequence: Int64) -> Int? {
    var low = first
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].sequence == sequence ? low : nil
  }

  /// Moves the cursor over what is settled, and lets go of it.
  private mutating func advance() {
    while first < entries.count, entries[first].state == .settled { first += 1 }
    cursor = first < entries.count ? entries[first].sequence - 1 : position
    // Moving the rest down costs its length, so it waits until as much has gone as is left.
    if first > 64, first * 2 > entries.count {
      entries.removeFirst(first)
      firstWaiting = max(0, firstWaiting - first)
      first = 0
    }
  }
}
