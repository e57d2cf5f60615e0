import PluginKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(Patience.minutes)))
struct ConcurrencyLimitTests {
  /// Who has come in, and how many were there at once.
  @PluginActor
  private final class Room {
    let limit: ConcurrencyLimit
    private(set) var came: [Int] = []
    private(set) var most = 0
    private var inside = 0

    init(_ count: Int) {
      limit = ConcurrencyLimit(count)
    }

    func visit(_ number: Int, turns: Int = 3) async throws {
      try await limit.enter()
      defer { limit.leave() }
      came.append(number)
      inside += 1
      most = max(most, inside)
      for _ in 0..<turns { await Task.yield() }
      inside -= 1
    }

    /// Begins a visit that the test can cancel.
    func begin(_ number: Int) -> Task<Void, any Error> { Task { try await visit(number) } }
  }

  /// Does something on the plugin's thread, which needs a host.
  private func onPlugin<Value: Sendable>(
    _ body: @escaping @PluginActor @Sendable () async throws -> Value
  ) async throws -> Value {
    let host = FakeHost(Probe.self)
    try await host.boot()
    let result = await Task { try await body() }.result
    try await host.stop()
    return try result.get()
  }

  @Test func `only so many are in at once, the rest in the order in which they came`() async throws {
    let (came, most) = try await onPlugin {
      let room = Room(2)
      for visit in (0..<8).map(room.begin) { try await visit.value }
      return (room.came, room.most)
    }
    #expect(came == Array(0..<8) && most == 2)
  }

  @Test(arguments: 0..<8)
  func `one that is cancelled on its way in gets an error and no place`(turns: Int) async throws {
    let came = try await onPlugin {
      let room = Room(1)
      try await room.limit.enter()
      let visit = room.begin(1)
      for _ in 0..<turns { await Task.yield() }
      visit.cancel()
      await #expect(throws: CancellationError.self) { try await visit.value }
      // The place is there for the next, and is one place still.
      room.limit.leave()
      try await room.visit(2)
      for visit in [room.begin(3), room.begin(4)] { try await visit.value }
      #expect(room.most == 1)
      return room.came
    }
    #expect(came == [2, 3, 4])
  }

  @Test func `those behind one that is cancelled move up`() async throws {
    let came = try await onPlugin {
      let room = Room(1)
      try await room.limit.enter()
      let visits = (0..<4).map(room.begin)
      for _ in 0..<8 { await Task.yield() }
      visits[1].cancel()
      await #expect(throws: CancellationError.self) { try await visits[1].value }
      room.limit.leave()
      for number in [0, 2, 3] { try await visits[number].value }
      return room.came
    }
    #expect(came == [0, 2, 3])
  }

  @Test func `one that was let in before it was cancelled has its place, and gives it back`() async throws {
    let came = try await onPlugin {
      let room = Room(1)
      try await room.limit.enter()
      let first = room.begin(1)
      for _ in 0..<8 { await Task.yield() }
      room.limit.leave()
      first.cancel()
      try await first.value
      try await room.visit(2)
      return room.came
    }
    #expect(came == [1, 2])
  }
}
