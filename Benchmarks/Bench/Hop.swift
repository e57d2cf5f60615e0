internal import BenchProbe

/// How long an envelope takes from one plugin through the host to the next, when nothing else is going on.
enum Hop {
  /// Processes are put somewhere anew in each round; the middle one counts.
  private static let rounds = 5
  /// Enough that twenty lie beyond the 99th percentile.
  private static let count = 2_000
  private static let size = 256

  /// Measures with everything on one core, and again wherever the kernel puts it.
  ///
  /// To wake a process on a core that sleeps takes longer than all that the host does, and the kernel decides whether
  /// it comes to that; on one core it never does, so that the host's own part shows.
  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    guard probe_use_one_core() == 0 else { throw BenchError(call: "sched_setaffinity") }
    try measure(
      "hop",
      note: "two bare hops over ring and eventfd, all on one core; budget 1.5",
      in: directory,
      into: &report
    )
    guard probe_use_all_cores() == 0 else { throw BenchError(call: "sched_setaffinity") }
    try measure("hop.free", note: "the same wherever the kernel puts it", in: directory, into: &report)
  }

  private static func measure(
    _ name: String,
    note: String,
    in directory: WorkDirectory,
    into report: inout Report
  ) throws {
    var bare: [Times] = []
    var host: [Times] = []
    for round in 0..<rounds {
      bare.append(try bareTimes())
      host.append(try hostTimes(in: directory, "\(name)-\(round)"))
    }
    report.add(
      .init(
        name: "\(name).p50",
        value: middle(host.map(\.p50)),
        unit: "µs",
        baseline: middle(bare.map(\.p50)),
        note: note
      )
    )
    report.add(
      .init(name: "\(name).p99", value: middle(host.map(\.p99)), unit: "µs", baseline: middle(bare.map(\.p99)))
    )
  }

  /// Microseconds.
  private typealias Times = (p50: Double, p99: Double)

  /// How long a frame takes to a bare process and back.
  private static func bareTimes() throws -> Times {
    var times = [UInt32](repeating: 0, count: count)
    guard unsafe probe_ring_hops(UInt32(size), UInt32(count), &times) == 0 else { throw BenchError(call: "bare rings") }
    times.sort()
    return (Double(times[count / 2]) / 1000, Double(times[count * 99 / 100]) / 1000)
  }

  /// How long an envelope takes from the source to the sink.
  private static func hostTimes(in directory: WorkDirectory, _ name: String) throws -> Times {
    let host = try BenchHost(.init(sources: 1, sinks: 1), in: directory, named: name)
    _ = try host.run(.ping, count: count / 10, size: size, window: 1)
    let outcome = try host.run(.ping, count: count, size: size, window: 1)
    try host.stop()
    return (Double(outcome.p50) / 1000, Double(outcome.p99) / 1000)
  }

  private static func middle(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
  }
}
