internal import BenchProbe
internal import Glibc

/// What a pair of plugins notices of a third that harms: how long an envelope takes from one to the other while a
/// moderate number is sent, and how many go through in a second at most.
///
/// The machine itself takes some milliseconds away now and then, which is much of one second and little of ten. So a turn
/// is long, each is next to one of the same pair while the third is quiet, and what counts is the middle of what each turn
/// is of its neighbour. What the instrument itself makes of nothing is measured as a kind of its own, `calm`.
enum Hostile {
  /// How the third harms, and the events that tell it to: one is enough for what does not end it.
  private static let kinds: [(name: String, events: Int)] = [
    ("calm", 1), ("segfault", 100), ("fork", 100), ("leak", 100), ("poke", 100), ("spin", 1), ("deadlock", 1),
    ("mute", 100), ("frames", 1), ("events", 1), ("requests", 1), ("logs", 1), ("output", 1), ("disk", 1),
  ]
  /// A process that spins outside of the host, as nice as plugins are: what the kernel's scheduler alone makes of it.
  private static let bare = "bare"

  /// Turns of each kind.
  private static let turns = 5
  /// Envelopes a second that leave both processors mostly idle, and how many: ten seconds, of which the hundredth part is
  /// a tenth of a second.
  private static let rate = 5_000
  private static let paced = 50_000
  private static let size = 256
  /// Envelopes of the other figure, a multiple of what a sink says how far it is by, and those on their way at once.
  private static let streamed = 20_480
  private static let window = 341
  /// How long the third harms in a turn, in nanoseconds: as long as both figures take.
  private static let harm: Int64 = 10_400_000_000
  /// How long the third has to begin, in microseconds.
  private static let head: UInt32 = 20_000

  static var names: [String] { [bare] + kinds.map(\.name) }

  /// Measures those kinds; all, if none are named.
  static func measure(_ wanted: [String], in directory: WorkDirectory, into report: inout Report) throws {
    let kinds = ([(name: bare, events: 0)] + kinds).filter { wanted.isEmpty || wanted.contains($0.name) }
    let host = try BenchHost(.init(sources: 1, sinks: 1, isHarmed: true), in: directory, named: "hostile")
    _ = try figures(of: host)
    var before = try host.awaitCalm()
    for kind in kinds {
      var pairs: [Pair] = []
      for _ in 0..<turns {
        let quiet = try figures(of: host)
        pairs.append(Pair(quiet: quiet, harmed: try figures(of: host, under: kind.name, events: kind.events)))
        // What ended is not started again at once; the quiet turn is to be one.
        _ = try host.awaitCalm()
      }
      let restarts = try host.awaitCalm()
      add(pairs, restarts - before, as: kind.name, to: &report)
      before = restarts
    }
    try host.stop()
  }

  /// Two turns, one after the other.
  private struct Pair {
    let quiet: Figures
    let harmed: Figures
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
      defer { end(spinner) }
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

  private static func end(_ child: pid_t) {
    kill(child, SIGKILL)
    waitpid(child, nil, 0)
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

  private static func add(_ pairs: [Pair], _ ends: Int64, as name: String, to report: inout Report) {
    let restarts = ends > 0 ? "; started again \(ends) times" : ""
    report.add(row("hostile.\(name).p99", "µs", pairs, \.p99, note: "; budget 1.1\(restarts)"))
    report.add(row("hostile.\(name).throughput", "envelopes/s", pairs, \.throughput))
  }

  /// The middle of the harmed turns, next to what makes the ratio the middle of the pairs' ratios.
  private static func row(
    _ name: String,
    _ unit: String,
    _ pairs: [Pair],
    _ figure: KeyPath<Figures, Double>,
    note: String = ""
  ) -> Report.Row {
    let ratios = pairs.map { $0.harmed[keyPath: figure] / $0.quiet[keyPath: figure] }.sorted()
    let harmed = middle(pairs.map { $0.harmed[keyPath: figure] })
    func shown(_ ratio: Double) -> String { "\(Double(Int((ratio * 100).rounded())) / 100)" }
    let half = "half of the pairs \(shown(ratios[ratios.count / 4])) to \(shown(ratios[ratios.count * 3 / 4]))"
    return .init(name: name, value: harmed, unit: unit, baseline: harmed / middle(ratios), note: half + note)
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
