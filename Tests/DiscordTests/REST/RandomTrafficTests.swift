import PluginKit
import ProviderSupport
import TestSupport
import Testing

@testable import Discord

/// Traffic made of chance: whatever the limits, the network and the requesters, the same must hold.
@Suite(.timeLimit(.minutes(Patience.minutes)))
struct RandomTrafficTests {
  /// Kinds of calls below a channel; the last two share a bucket.
  private static let kinds = [
    ("POST", "messages"), ("GET", "messages"), ("POST", "typing"), ("PUT", "pins/7"), ("DELETE", "pins/7"),
  ]

  @Test(arguments: 1...12)
  func `no call is too fast, none is lost, and none overtakes`(seed: Int) async throws {
    let found = try await RESTStage.run(step: .milliseconds(2)) { bench in
      var chance = SeededRandom(seed: UInt64(seed))
      let limits = (0..<4).map { _ in
        (limit: Int.random(in: 1...6, using: &chance), seconds: Double(Int.random(in: 2...16, using: &chance)) / 4)
      }
      let delays = (0..<97).map { _ in
        (up: Int.random(in: 2...150, using: &chance), down: Int.random(in: 2...150, using: &chance))
      }
      bench.server.latency = { delays[$0 % delays.count] }
      bench.server.rule = { method, path in
        let kind = Self.kinds.firstIndex { method == $0.0 && path.contains("/\($0.1)?") } ?? 0
        let bucket = min(kind, 3)
        return .init(bucket: "b\(bucket)", limit: limits[bucket].limit, seconds: limits[bucket].seconds)
      }
      // That two routes share a bucket nobody can know before both were answered once.
      for (method, path) in Self.kinds {
        try await bench.sleep(5)
        await bench.perform(method, "/channels/9/\(path)?r0&0")
      }
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<150 {
          let (method, path) = Self.kinds.randomElement(using: &chance) ?? Self.kinds[0]
          let channel = Int.random(in: 1...4, using: &chance)
          let requester = "r\(Int.random(in: 0...2, using: &chance))"
          let call = bench.call(method, "/channels/\(channel)/\(path)?\(requester)&\(number)", from: requester)
          group.addTask { await bench.perform(call, as: requester) }
          if number % 10 == 0 { try? await bench.sleep(Double(Int.random(in: 0...40, using: &chance)) / 100) }
        }
      }
      return (bench.server.limited, bench.ended.map(\.status), bench.server.seen)
    }
    #expect(found.0 == 0)
    #expect(found.1 == Array(repeating: 200, count: 150 + Self.kinds.count))
    // Of one requester, writes to one place arrive as they were asked for.
    let writes = found.2.filter { $0.method != "GET" }
    let lines = Dictionary(grouping: writes) { "\($0.method) \($0.path.prefix { $0 != "&" })" }
    for (line, seen) in lines {
      let numbers = seen.compactMap { Int($0.path.split(separator: "&").last ?? "") }
      #expect(numbers == numbers.sorted(), "\(line)")
    }
  }
}
