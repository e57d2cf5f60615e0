internal import BenchProbe

/// How long an envelope takes from one plugin through the host to the next, when nothing else is going on.
enum Hop {
  /// Enough that a hundred lie beyond the 99th percentile.
  private static let count = 10_000
  private static let size = 256

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let bare = try bareTimes()
    let host = try BenchHost(.init(sources: 1, sinks: 1), in: directory, named: "hop")
    _ = try host.run(.ping, count: count / 10, size: size)
    let outcome = try host.run(.ping, count: count, size: size)
    try host.stop()
    report.add(
      .init(
        name: "hop.p50",
        value: Double(outcome.p50) / 1000,
        unit: "µs",
        baseline: bare[bare.count / 2],
        note: "two bare hops over ring and eventfd; budget 1.5"
      )
    )
    report.add(
      .init(name: "hop.p99", value: Double(outcome.p99) / 1000, unit: "µs", baseline: bare[bare.count * 99 / 100])
    )
  }

  /// Microseconds that a frame takes to a bare process and back, ascending.
  private static func bareTimes() throws -> [Double] {
    var times = [UInt32](repeating: 0, count: count)
    guard unsafe probe_ring_hops(UInt32(size), UInt32(count), &times) == 0 else { throw BenchError(call: "bare rings") }
    return times.map { Double($0) / 1000 }.sorted()
  }
}
