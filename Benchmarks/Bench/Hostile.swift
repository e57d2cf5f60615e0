internal import BenchProbe
internal import Glibc

/// What a pair of plugins notices of a third that harms: how long an envelope takes from one to the other while a
/// moderate number is sent, and how many go through in a second at most.
///
/// Each figure is taken in turns with one of the same pair while the third is quiet. What it is compared with is the middle
/// of all quiet turns, and how far those lie apart by themselves is shown: within that, a ratio says nothing.
enum Hostile {
  /// How the third harms, and the events that tell it to: one is enough for what does not end it.
  private static let kinds: [(name: String, events: Int)] = [
    ("segfault", 100), ("fork", 100), ("leak", 100), ("poke", 100), ("spin", 1), ("deadlock", 1), ("mute", 100),
    ("frames", 1), ("events", 1), ("requests", 1), ("logs", 1), ("output", 1), ("disk", 1),
  ]
  /// A process that spins outside of the host, as nice as plugins are: what the kernel's scheduler alone makes of it.
  private static let bare = "bare"

  /// Turns of each kind; the middle one counts.
  private static let rounds = 3
  /// Envelopes a second that leave both processors mostly idle, and how many: two seconds, of which the hundredth part is
  /// longer than the few milliseconds that a machine takes away now and then.
  private static let rate = 5_000
  private static let paced = 10_000
  private static let size = 256
  /// Envelopes of the other figure, a multiple of what a sink says how far it is by, and those on their way at once.
  private static let streamed = 40_960
  private static let window = 341
  /// How long the third harms in a turn, in nanoseconds: as long as both figures take.
  private static let harm: Int64 = 2_300_000_000
  /// How long the third has to begin, in microseconds.
  private static let head: UInt32 = 20_000

  static var names: [String] { [bare] + kinds.map(\.name) }

  /// Measures those kinds; all, if none are named.
  static func measure(_ wanted: [String], in directory: WorkDirectory, into report: inout Report) throws {
    let kinds = ([(name: bare, events: 0)] + kinds).filter { wanted.isEmpty || wanted.contains($0.name) }
    let host = try BenchHost(.init(sources: 1, sinks: 1, isHarmed: true), in: directory, named: "hostile")
    _ = try figures(of: host)
    var quiet: [Figures] = []
    var harmed: [String: [Figures]] = [:]
    var ends: [String: Int64] = [:]
    var before = try host.awaitCalm()
    for _ in 0..<rounds {
      for kind in kinds {
        quiet.append(try figures(of: host))
        harmed[kind.name, default: []].append(try figures(of: host, under: kind.name, events: kind.events))
        let restarts = try host.awaitCalm()
        ends[kind.name, default: 0] += restarts - before
        before = restarts
      }
    }
    try host.stop()
    for name in kinds.map(\.name) {
      add(quiet, harmed[name] ?? [], ends[name] ?? 0, as: name, to: &report)
    }
  }

  private struct Figures {
    /// Microseconds.
    let p99: Double
    /// Envelopes a second.
    let throughput: Double
  }

  private static func figures(of host: BenchHost, under kind: String, events: Int) throws -> Figures {
    guard kind != bare else {
      let spinner = probe_spin()
      guard spinner > 0 else { throw BenchError(call: "fork") }
      defer {
        kill(spinner, SIGKILL)
        waitpid(spinner, nil, 0)
      }
      return try figures(of: host)
    }
    let end = monotonic() + harm
    try host.harm(kind, events: events, until: end)
    usleep(head)
    let figures = try figures(of: host)
    let left = end - monotonic()
    if left > 0 { usleep(UInt32(left / 1000)) }
    return figures
  }

  private static func figures(of host: BenchHost) throws -> Figures {
    let ticks = try host.run(.paced, count: paced, size: size, rate: rate)
    let stream = try host.run(.stream, count: streamed, size: size, window: window)
    let missing = paced + streamed - Int(ticks.received + stream.received)
    guard missing == 0 else { throw BenchError("\(missing) were dropped") }
    return Figures(
      p99: Double(ticks.p99) / 1000,
      throughput: Double(streamed) * 1e9 / Double(stream.last - stream.begun)
    )
  }

  private static func add(
    _ quiet: [Figures],
    _ harmed: [Figures],
    _ ends: Int64,
    as name: String,
    to report: inout Report
  ) {
    let spread = quiet.map { Int($0.p99) }.sorted()
    let budget = "budget 1.1; quiet turns alone \(spread[0]) to \(spread[spread.count - 1]) µs"
    report.add(
      .init(
        name: "hostile.\(name).p99",
        value: middle(harmed.map(\.p99)),
        unit: "µs",
        baseline: middle(quiet.map(\.p99)),
        note: ends > 0 ? "\(budget); started again \(ends) times" : budget
      )
    )
    report.add(
      .init(
        name: "hostile.\(name).throughput",
        value: middle(harmed.map(\.throughput)),
        unit: "envelopes/s",
        baseline: middle(quiet.map(\.throughput))
      )
    )
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
