import PluginKit
import ProviderKit
import ProviderSupport
import TestSupport
import Testing

@testable import Reddit

/// Reddit's own count of calls: so many in a window, of which the next begins when it ends.
@PluginActor
final class Window {
  private let clock: Clock
  private let (allowed, seconds): (Int, Double)
  private var (end, count): (Double, Int) = (0, 0)
  private(set) var refused = 0
  private(set) var counts: [Int] = []

  init(_ clock: Clock, allowed: Int, seconds: Double) {
    (self.clock, self.allowed, self.seconds) = (clock, allowed, seconds)
  }

  func take() -> [(name: String, value: String)]? {
    let now = Double(clock.now.milliseconds - FakeHost.epoch / 1_000_000) / 1000
    if now >= end {
      // Windows follow one another, whether there are calls or not.
      counts.append(count)
      (end, count) = ((now / seconds).rounded(.down) * seconds + seconds, 0)
    }
    count += 1
    guard count <= allowed else {
      refused += 1
      return nil
    }
    return [
      ("x-ratelimit-used", "\(count)"), ("x-ratelimit-remaining", "\(allowed - count).0"),
      ("x-ratelimit-reset", "\(Int(end - now))"),
    ]
  }
}

/// Traffic made of chance: whatever the allowance, the network and the requesters, the same must hold.
@Suite(.timeLimit(.minutes(Patience.minutes))) struct TrafficTests {
  @Test(arguments: 1...10)
  func `no call is over the allowance, and none is lost, also where processes end`(seed: Int) async throws {
    let (refused, ended, counts) = try await RedditStage.run(config: ["requests_per_minute": 10000]) { bench in
      var chance = SeededRandom(seed: UInt64(seed))
      let allowed = Int.random(in: 12...60, using: &chance)
      let window = Window(
        bench.context.clock,
        allowed: allowed,
        seconds: Double(Int.random(in: 10...60, using: &chance))
      )
      let delays = (0..<97).map { number in
        // Some answers are late by much.
        let late = number % 13 == 0 ? 9000 : 0
        return (up: Int.random(in: 10...400, using: &chance), down: Int.random(in: 10...400, using: &chance) + late)
      }
      bench.reddit.latency = { delays[$0 % delays.count] }
      bench.reddit.limit = { window.take() }
      for _ in 0..<3 {
        await withTaskGroup(of: Void.self) { group in
          for number in 0..<100 {
            let requester = "r\(Int.random(in: 0...2, using: &chance))"
            guard let call = try? bench.call("GET", "/r/x\(number)/new", from: requester, within: 3000) else {
              continue
            }
            group.addTask { await bench.perform(call, as: requester) }
            if number % 10 == 0 { try? await bench.sleep(Double(Int.random(in: 0...40, using: &chance)) / 10) }
          }
        }
        // The next process knows nothing of what is left.
        bench.restart()
      }
      return (window.refused, bench.ended.map(\.status), window.counts)
    }
    #expect(refused == 0)
    #expect(ended == Array(repeating: 200, count: 300))
    #expect(counts.contains { $0 > 6 }, "\(counts)")
  }

  @Test func `five processes that end in one window, and know nothing, are not over the allowance`() async throws {
    let (refused, statuses) = try await RedditStage.run { bench in
      let window = Window(bench.context.clock, allowed: 20, seconds: 600)
      bench.reddit.limit = { window.take() }
      for _ in 0..<5 {
        let tasks = (0..<40).map { number in
          PluginActor.task { _ = try? await bench.perform("GET", "/r/x\(number)/new", within: 20) }
        }
        for task in tasks { await task.value }
        bench.restart()
      }
      return (window.refused, bench.ended.compactMap(\.status).count)
    }
    #expect(refused == 0)
    #expect((15...20).contains(statuses))
  }

  @Test func `Reddit's windows are used up, but for a few calls`() async throws {
    let (refused, counts) = try await RedditStage.run { bench in
      let window = Window(bench.context.clock, allowed: 50, seconds: 60)
      bench.reddit.limit = { window.take() }
      await bench.performAll(try (0..<220).map { try bench.call("GET", "/r/x\($0)/new", within: 1200) })
      return (window.refused, window.counts)
    }
    #expect(refused == 0)
    #expect(counts.dropFirst().allSatisfy { $0 >= 44 }, "\(counts)")
  }

  @Test func `who floods holds nobody else up by more than a few calls`() async throws {
    let (places, count) = try await RedditStage.run { bench in
      bench.reddit.limit = { [("x-ratelimit-remaining", "900"), ("x-ratelimit-reset", "600")] }
      let flood = PluginActor.task {
        await bench.performAll(
          (0..<200).compactMap { try? bench.call("GET", "/r/flood\($0)/new", from: "a", within: 900) }
        )
      }
      try await bench.sleep(0.5)
      var places: [Int] = []
      for number in 0..<10 {
        let before = bench.reddit.calls.count
        try await bench.perform("GET", "/r/small\(number)/new", from: "b", within: 900)
        let place = bench.reddit.calls.firstIndex { $0.path == "/r/small\(number)/new" } ?? 9999
        places.append(place - before)
      }
      await flood.value
      return (places, bench.ended.count { $0.status == 200 })
    }
    // As many as are under way at once, and one of the other's turn.
    #expect(places.allSatisfy { $0 <= 5 }, "\(places)")
    #expect(count == 210)
  }

  @Test func `until Reddit has told how many are left, one call is sent after the other`() async throws {
    let times = try await RedditStage.run { bench in
      bench.reddit.latency = { _ in (100, 100) }
      _ = await bench.token()
      await bench.performAll(try (0..<6).map { try bench.call("GET", "/r/x\($0)/new") })
      return bench.reddit.calls.map(\.time)
    }
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 > 0.19 }, "\(times)")
  }
}
