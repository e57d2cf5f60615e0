internal import BenchProbe
internal import Glibc

/// What a pair of plugins notices of a third that harms: how long an envelope takes from one to the other while a
/// moderate number is sent, and how many go through in a second at most.
///
/// The machine itself takes some milliseconds away in one second of ten, and is now faster and now slower for seconds. So a
/// turn is a second, there are many, each has one just before to be held against while the third is quiet, and what counts
/// is the middle of what each is of that. How far it can be trusted is said beside it. What the instrument itself makes of
/// nothing is measured as a kind of its own, `calm`.
///
/// Where it may, it keeps the processors from sleeping meanwhile, as those do who measure a kernel's latency: how long one
/// takes to be woken depends on how long it slept, so that whatever else is done would change that too.
enum Hostile {
  /// How the third harms.
  private static let kinds: [Kind] = [
    .lasting("calm"), .ending("segfault"), .ending("fork"), .ending("leak"), .ending("poke"), .lasting("spin"),
    .lasting("deadlock"), .ending("mute"), .lasting("frames"), .lasting("granted"), .recorded("events"),
    .lasting("requests"), .lasting("logs"), .lasting("output"), .lasting("disk"),
  ]
  /// A process that spins outside of the host, as nice as plugins are: what the kernel's scheduler alone makes of it.
  private static let bare = Kind.lasting("bare")

  private struct Kind {
    let name: String
    /// The events that tell it to.
    let events: Int
    /// The turns that the third harms for at a time, and that it is quiet for before.
    let turns: Int

    /// One that the third goes on with until it is over, or can.
    static func lasting(_ name: String) -> Self { .init(name: name, events: 1, turns: 2) }

    /// One of which the host reads for seconds what has been sent before the end.
    static func recorded(_ name: String) -> Self { .init(name: name, events: 1, turns: 10) }

    /// One that ends the third, or whatever it is told meanwhile; it is started again at once only at first, so that there
    /// is something to be seen in each turn of several.
    static func ending(_ name: String) -> Self { .init(name: name, events: 100, turns: 10) }
  }

  /// Turns of each kind in all.
  private static let turns = 40
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
  /// How long the third harms for each turn, in nanoseconds: as long as both figures take.
  private static let harm: Int64 = 1_060_000_000
  /// How long the third has to begin, in microseconds.
  private static let head: UInt32 = 20_000

  static var names: [String] { ([bare] + kinds).map(\.name) }

  /// Measures those kinds; all, if none are named.
  static func measure(_ wanted: [String], in directory: WorkDirectory, into report: inout Report) throws {
    let kinds = ([bare] + kinds).filter { wanted.isEmpty || wanted.contains($0.name) }
    if probe_keep_awake() != 0 {
      print("promethean-bench: only root keeps processors awake, so `hostile` is less exact", to: &standardError)
    }
    let host = try BenchHost(.init(sources: 1, sinks: 1, isHarmed: true), in: directory, named: "hostile")
    _ = try figures(of: host)
    var before = try host.awaitCalm()
    for kind in kinds {
      var pairs: [Pair] = []
      while pairs.count < turns {
        let quiet = try figures(of: host, turns: kind.turns)
        pairs += zip(quiet, try figures(of: host, under: kind)).map(Pair.init)
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

  private static func figures(of host: BenchHost, under kind: Kind) throws -> [Figures] {
    guard kind.name != bare.name else {
      let spinner = probe_spin()
      guard spinner > 0 else { throw BenchError(call: "fork") }
      defer { end(spinner) }
      return try figures(of: host, turns: kind.turns)
    }
    let end = monotonic() + Int64(kind.turns) * harm
    try host.harm(kind.name, events: kind.events, until: end)
    usleep(head)
    let figures = try figures(of: host, turns: kind.turns)
    let left = end - monotonic()
    if left > 0 { usleep(UInt32(left / 1000)) }
    return figures
  }

  private static func figures(of host: BenchHost, turns: Int) throws -> [Figures] {
    try (0..<turns).map { _ in try figures(of: host) }
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
