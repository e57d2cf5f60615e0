internal import BenchProbe

/// How many ephemeral envelopes the host routes in a second, and how often it allocates while it does.
enum Routing {
  /// Others use the machine too: the best of a few rounds is what it can do.
  static let rounds = 3
  /// Bytes of envelopes that a source has on their way: half of what a ring holds, so that none is dropped.
  private static let window = 256 << 10
  /// What an envelope is more than its payload, about.
  private static let overhead = 512

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let bare = try bareRate(size: 256)
    let one = try Bed(sources: 1, in: directory, named: "route1")
    let small = try one.rate(size: 256, count: 320_000)
    report.add(
      .init(name: "route.256B.1", value: small.rate, unit: "envelopes/s", baseline: bare)
    )
    let allocations = small.allocations
    let large = try one.rate(size: 4096, count: 64_000)
    try one.stop()
    report.add(
      .init(
        name: "route.4KiB.1",
        value: large.rate,
        unit: "envelopes/s",
        baseline: try bareRate(size: 4096)
      )
    )
    let eight = try Bed(sources: 8, in: directory, named: "route8")
    let shared = try eight.rate(size: 256, count: 40_960)
    try eight.stop()
    report.add(
      .init(name: "route.256B.8", value: shared.rate, unit: "envelopes/s", baseline: bare)
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
      var allocations = Double.infinity
    }

    init(sources: Int, in directory: WorkDirectory, named name: String) throws {
      self.sources = sources
      host = try BenchHost(.init(sources: sources, sinks: sources), in: directory, named: name)
    }

    /// Has each source publish `count` envelopes, and looks when the last arrives.
    ///
    /// Sinks say how far they are every 32 envelopes, so both `count` and a tenth of it are to be multiples of that.
    func rate(size: Int, count: Int) throws -> Result {
      var best = Result()
      let window = Routing.window / (size + Routing.overhead)
      _ = try host.run(.stream, count: count / 10, size: size, window: window)
      for _ in 0..<rounds {
        let before = probe_allocations()
        let outcome = try host.run(.stream, count: count, size: size, window: window)
        let allocations = probe_allocations() - before
        let published = count * sources
        guard outcome.received == published else {
          throw BenchError("\(published - Int(outcome.received)) were dropped")
        }
        best.allocations = min(best.allocations, Double(allocations) / Double(published))
        best.rate = max(best.rate, Double(published) * 1e9 / Double(outcome.last - outcome.begun))
      }
      return best
    }

    func stop() throws { try host.stop() }
  }
}
