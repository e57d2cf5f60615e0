import Testing

@testable import Host

@Suite struct DurableQueueTests {
  private static let second: Int64 = 1_000_000_000

  /// A queue that has been offered some envelopes, sequences from 1, keys as given.
  private func queue(keys: [UInt64]) -> DurableQueue {
    var queue = DurableQueue(settled: SettledSequences(cursor: 0))
    for (index, key) in keys.enumerated() { queue.offer(sequence: Int64(index + 1), bytes: [1], key: key) }
    return queue
  }

  /// What a pass gives to members of a limit, as (member, sequence).
  private func dispatch(
    _ queue: inout DurableQueue,
    loads: [Int] = [0],
    limit: Int = 8,
    now: Int64 = 0,
    refusing: Set<Int> = []
  ) -> [[Int64]] {
    var members = loads.indices.map { DurableQueue.Member(id: $0, load: loads[$0], limit: limit) }
    var given = [[Int64]](repeating: [], count: loads.count)
    queue.dispatch(now: now, to: &members) { entry, member in
      guard !refusing.contains(member) else { return false }
      given[member].append(entry.sequence)
      return true
    }
    return given
  }

  @Test func `a member is given no more than it may hold`() {
    var queue = queue(keys: [0, 0, 0, 0])
    let given1 = dispatch(&queue, limit: 3)
    #expect(given1 == [[1, 2, 3]])
    queue.settle(2)
    let given2 = dispatch(&queue, loads: [2], limit: 3)
    #expect(given2 == [[4]])
  }

  @Test func `the cursor waits for the oldest that is not settled`() {
    var queue = queue(keys: [0, 0, 0])
    _ = dispatch(&queue)
    queue.settle(2)
    queue.settle(3)
    #expect(queue.cursor == 0)
    #expect(queue.settled.contains(3))
    queue.settle(1)
    #expect(queue.cursor == 3)
  }

  @Test func `an envelope is given out when the one before it of its key is settled`() {
    var queue = queue(keys: [7, 7, 9])
    let given3 = dispatch(&queue)
    #expect(given3 == [[1, 3]])
    let given4 = dispatch(&queue, loads: [2])
    #expect(given4 == [[]])
    queue.settle(1)
    let given5 = dispatch(&queue, loads: [1])
    #expect(given5 == [[2]])
  }

  @Test func `an envelope that is tried again later holds back those of its key and no others`() {
    var queue = queue(keys: [7, 7, 9])
    let given6 = dispatch(&queue)
    #expect(given6 == [[1, 3]])
    _ = queue.takeBack(1, counting: true, until: Self.second)
    _ = queue.takeBack(3, counting: false, until: 0)
    let given7 = dispatch(&queue)
    #expect(given7 == [[3]])
    let given8 = dispatch(&queue, now: Self.second)
    #expect(given8 == [[1]])
  }

  @Test func `a member that says it is full is not asked again in the same pass`() {
    var queue = queue(keys: [1, 2, 3])
    let given9 = dispatch(&queue, loads: [0, 0], refusing: [0])
    #expect(given9 == [[], [2, 3]])
  }

  @Test func `what a member held when it died is tried again one by one`() {
    var queue = queue(keys: [0, 0, 0])
    _ = dispatch(&queue)
    let taken = queue.memberEnded(0, isSuspect: true, until: 0)
    #expect(taken.map(\.sequence) == [1, 2, 3])
    #expect(taken.allSatisfy { $0.failures == 1 })
    let given10 = dispatch(&queue)
    #expect(given10 == [[1]])
    let given11 = dispatch(&queue, loads: [1])
    #expect(given11 == [[]])
    queue.settle(1)
    let given12 = dispatch(&queue)
    #expect(given12 == [[2]])
  }

  @Test func `a member is kept free for a suspect that waits for it, and while it holds one`() {
    var queue = queue(keys: [0])
    _ = dispatch(&queue)
    _ = queue.memberEnded(0, isSuspect: true, until: 0)
    func keptFree() -> [Bool] { [queue.isKeptFree(0), queue.isKeptFree(1)] }
    #expect(keptFree() == [false, false])
    let busy = dispatch(&queue, loads: [2, 1])
    #expect(busy == [[], []])
    #expect(keptFree() == [false, true])
    let idle = dispatch(&queue, loads: [2, 0])
    #expect(idle == [[], [1]])
    #expect(keptFree() == [false, true])
    queue.settle(1)
    #expect(keptFree() == [false, false])
  }

  @Test func `what a member held when it stopped in order counts no failure`() {
    var queue = queue(keys: [0, 0])
    _ = dispatch(&queue)
    let taken = queue.memberEnded(0, isSuspect: false, until: 0)
    #expect(taken.allSatisfy { $0.failures == 0 })
    let given13 = dispatch(&queue)
    #expect(given13 == [[1, 2]])
  }

  @Test func `what a member handled and does not count yet holds up nothing, and comes back in order`() {
    var queue = queue(keys: [7, 7, 9, 7])
    _ = dispatch(&queue)
    queue.withhold(1)
    let given = dispatch(&queue, loads: [1])
    #expect(given == [[2]])
    queue.withhold(2)
    #expect(queue.withheld(by: 0) == [1, 2] && queue.withheld(by: 1) == [])
    #expect(queue.cursor == 0 && !queue.settled.contains(1))
    // It still holds the third, and that stays its own.
    queue.takeBackWithheld(by: 0)
    let again = [dispatch(&queue, loads: [1]), dispatch(&queue, loads: [2])]
    #expect(again == [[[1]], [[]]])
    queue.withhold(1)
    for sequence in queue.withheld(by: 0) { queue.settle(sequence) }
    #expect(queue.cursor == 1)
    let next = dispatch(&queue, loads: [1])
    #expect(next == [[2]])
  }

  @Test func `settling twice, or what was never offered, changes nothing`() {
    var queue = queue(keys: [0])
    _ = dispatch(&queue)
    let results = [queue.settle(1), queue.settle(1), queue.settle(99)]
    #expect(results == [true, false, false])
    #expect(queue.cursor == 1)
  }

  @Test func `a restart goes on with what was not settled`() {
    var before = queue(keys: [0, 0, 0, 0])
    _ = dispatch(&before)
    before.settle(1)
    before.settle(3)
    var after = DurableQueue(settled: before.settled, failures: [2: 4])
    for sequence in Int64(1)...4 { after.offer(sequence: sequence, bytes: [1], key: 0) }
    let given14 = dispatch(&after)
    #expect(given14 == [[2, 4]])
    let taken = after.memberEnded(0, isSuspect: true, until: 0)
    #expect(taken.first?.failures == 5)
  }

  @Test func `the window takes no more than its bounds`() {
    var queue = DurableQueue(settled: SettledSequences(cursor: 0))
    var sequence: Int64 = 0
    while queue.hasRoom {
      sequence += 1
      queue.offer(sequence: sequence, bytes: [UInt8](repeating: 0, count: 64 << 10), key: 0)
    }
    #expect(Int(sequence) * (64 << 10) <= DurableQueue.windowBytes)
  }

  @Test(arguments: 0..<20)
  func `whatever happens, each envelope is settled once and keys keep their order`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let count = 300
    let keys = (0..<count).map { _ in UInt64.random(in: 0...6, using: &random) }
    var queue = queue(keys: keys)
    var held: [Int: [Int64]] = [0: [], 1: [], 2: []]
    var handled: [Int64] = []
    var now: Int64 = 0
    while queue.cursor < count {
      now += Self.second
      var members = held.keys.sorted().map { DurableQueue.Member(id: $0, load: held[$0]?.count ?? 0, limit: 5) }
      queue.dispatch(now: now, to: &members) { entry, member in
        guard Int.random(in: 0..<10, using: &random) > 0 else { return false }
        let others = held.values.flatMap(\.self)
        #expect(entry.key == 0 || !others.contains { keys[Int($0) - 1] == entry.key })
        held[member]?.append(entry.sequence)
        return true
      }
      let member = Int.random(in: 0...2, using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        _ = queue.memberEnded(member, isSuspect: Bool.random(using: &random), until: now)
        held[member] = []
      case 1 where held[member]?.isEmpty == false:
        // As a plugin does: what fails takes back with it all that is queued behind it.
        for sequence in held[member] ?? [] { _ = queue.takeBack(sequence, counting: true, until: now) }
        held[member] = []
      default:
        guard let sequence = held[member]?.first else { continue }
        held[member]?.removeFirst()
        let isSettled = queue.settle(sequence)
        #expect(isSettled)
        handled.append(sequence)
      }
    }
    #expect(Set(handled).count == count)
    #expect(handled.count == count)
    for key in UInt64(1)...6 {
      let order = handled.filter { keys[Int($0) - 1] == key }
      #expect(order == order.sorted())
    }
  }
}

/// A generator whose sequence depends on its seed alone, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_f491_4f6c_dd1d
  }
}
