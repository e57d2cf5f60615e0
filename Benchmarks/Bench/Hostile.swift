internal import BenchProbe
internal import Glibc

/// What a pair of plugins notices of a third that harms: how long an envelope takes from one to the other while a
/// moderate number is sent, and how many go through in a second at most.
///
/// The machine itself takes some milliseconds away in one second of ten. So a turn is a second, there are many, each has
/// one to be held against while the third is quiet, and what counts is the middle of what each is of that. How far it can
/// be trusted is said beside it. What the instrument itself makes of nothing is measured as a kind of its own, `calm`.
///
/// The third harms for a spell of several turns, since what ends it is started again at once only at first.
enum Hostile {
  /// How the third harms, and the events that tell it to: one is enough for what does not end it.
  private static let kinds: [(name: String, events: Int)] = [
    ("calm", 1), ("segfault", 100), ("fork", 100), ("leak", 100), ("poke", 100), ("spin", 1), ("deadlock", 1),
    ("mute", 100), ("frames", 1), ("granted", 1), ("events", 1), ("requests", 1), ("logs", 1), ("output", 1),
    ("disk", 1),
  ]
  /// A process that spins outside of the host, as nice as plugins are: what the kernel's scheduler alone makes of it.
  private static let bare = "bare"

  /// Spells of each kind, and turns of each.
  private static let spells = 4
  private static let turns = 10
  /// The places, from 0, of the two of 40 ratios between which the middle lies nine of ten times: the binomial
  /// distribution of as many tosses of a coin.
  private static let trusted = (low: 14, high: 25)
  /// Envelopes a second that leave both processors mostly idle, and how many: a second.
  private static let rate = 5_000
  private static let paced = 5_000
  private static let size = 256
  /// Envelopes of the other figure, a multiple of what a sink says how far it is by, and those on their way at once.
  private static let streamed = 20_480
  private static let window = 341
  /// How long the third harms in a spell, in nanoseconds: as long as both figures of its turns take.
  private static let harm = Int64(turns) * 1_060_000_000
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
      for _ in 0..<spells {
        let quiet = try spell(of: host)
        pairs += zip(quiet, try spell(of: host, under: kind.name, events: kind.events)).map(Pair.init)
        // What ended is not started again at once; the quiet turns are to be quiet.
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

  private static func spell(of host: BenchHost) throws -> [Figures] {
    try (0..<turns).map { _ in try figures(of: host) }
  }

  private static func spell(of host: BenchHost, under kind: String, events: Int) throws -> [Figures] {
    guard kind != bare else {
      let spinner = probe_spin()
      guard spinner > 0 else { throw BenchError(call: "fork") }
      defer { end(spinner) }
      return try spell(of: host)
    }
    let end = monotonic() + harm
    try host.harm(kind, events: events, until: end)
    usleep(head)
    let figures = try spell(of: host)
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
    let range = "nine of ten times \(shown(ratios[trusted.low])) to \(shown(ratios[trusted.high]))"
    return .init(name: name, value: harmed, unit: unit, baseline: harmed / middle(ratios), note: range + note)
  }

  private static func middle(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
