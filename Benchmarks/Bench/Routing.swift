internal import BenchProbe

/// How many ephemeral envelopes the host routes in a second, and how often it allocates while it does.
enum Routing {
  /// Others use the machine too: the best of a few rounds is what it can do.
  static let rounds = 3

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let bare = try bareRate(size: 256)
    let one = try Bed(sources: 1, in: directory, named: "route1")
    let small = try one.rate(size: 256, count: 300_000)
    report.add(
      .init(name: "route.256B.1", value: small.rate, unit: "envelopes/s", baseline: bare, note: small.note)
    )
    let allocations = small.allocations
    let large = try one.rate(size: 4096, count: 50_000)
    try one.stop()
    report.add(
      .init(
        name: "route.4KiB.1",
        value: large.rate,
        unit: "envelopes/s",
        baseline: try bareRate(size: 4096),
        note: large.note
      )
    )
    let eight = try Bed(sources: 8, in: directory, named: "route8")
    let shared = try eight.rate(size: 256, count: 40_000)
    try eight.stop()
    report.add(
      .init(name: "route.256B.8", value: shared.rate, unit: "envelopes/s", baseline: bare, note: shared.note)
    )
    report.add(
      .init(name: "alloc.per_envelope", value: allocations, unit: "allocations", note: "whole host process; budget 0")
    )
    try NATSServer.measureRouting(in: directory, into: &report)
  }

  /// Frames a second that a bare process copies from ring to ring.
  private static func bareRate(size: UInt32) throws -> Double {
    let count: UInt64 = 300_000
    var best = Int64.max
    for _ in 0..<rounds {
      let took = probe_ring_forward(size, count)
      guard took > 0 else { throw BenchError(call: "bare rings") }
      best = min(best, took)
    }
    return Double(count) * 1e9 / Double(best)
  }

  /// A host with as many sinks as sources.
  private struct Bed {
    private let host: BenchHost
    private let sources: Int

    struct Result {
      var rate = 0.0
      var lost = 0.0
      var allocations = Double.infinity

      var note: String { lost == 0 ? "" : "\(Int((lost * 100).rounded(.up)))% dropped, oldest first" }
    }

    init(sources: Int, in directory: WorkDirectory, named name: String) throws {
      self.sources = sources
      host = try BenchHost(.init(sources: sources, sinks: sources), in: directory, named: name)
    }

    /// Has each source publish `count` envelopes, and counts what arrives.
    func rate(size: Int, count: Int) throws -> Result {
      var best = Result()
      _ = try host.run(.stream, count: count / 10, size: size)
      for _ in 0..<rounds {
        let before = probe_allocations()
        let outcome = try host.run(.stream, count: count, size: size)
        let allocations = probe_allocations() - before
        let rate = Double(outcome.received) * 1e9 / Double(outcome.last - outcome.begun)
        let published = Double(count * sources)
        best.allocations = min(best.allocations, Double(allocations) / published)
        if rate > best.rate { (best.rate, best.lost) = (rate, 1 - Double(outcome.received) / published) }
      }
      return best
    }

    func stop() throws { try host.stop() }
  }
}
