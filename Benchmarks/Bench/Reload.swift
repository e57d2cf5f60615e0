internal import Envelope
internal import Glibc
internal import Host
internal import Synchronization

/// How long nobody takes envelopes while a plugin is replaced by its next generation under load, next to how long such
/// a plugin takes to be ready: that is what a restart would cost.
enum Reload {
  private static let count = 100
  private static let library = "libBenchKeeper.so"
  /// Events a second meanwhile, and how many are published together: every five milliseconds.
  private static let rate = 2000
  private static let batch = 10
  /// What nobody may notice, in milliseconds.
  private static let budget = 20

  static func measure(in directory: WorkDirectory, into report: inout Report) throws {
    let ready = try Start.timeToReady(library, plugin: "bench-keeper", in: directory)
    for (name, handsOver) in [("stateless", false), ("handover", true)] {
      let host = try BenchHost(.init(sources: 1, sinks: 0, keeper: handsOver), in: directory, named: "reload.\(name)")
      let load = try Load(on: host.socket, rate: rate, batch: batch)
      let gaps = try (0..<count).map { _ in try host.reload("bench-keeper") }.sorted()
      let published = try load.stop()
      try host.stop()
      for (percentile, index) in [("p50", count / 2), ("p99", count * 99 / 100)] {
        report.add(
          .init(
            name: "reload.\(name).\(percentile)",
            value: gaps[min(index, count - 1)] / 1000,
            unit: "ms",
            baseline: ready,
            note: "\(count) reloads, \(published) events a second; bare: spawn to ready; budget \(budget) ms"
          )
        )
      }
    }
  }

  /// Publishes events at a rate on a thread of its own.
  private final class Load: Sendable {
    private let isStopped = Atomic(false)
    private let outcome = Mutex<Result<Int, any Error>?>(nil)
    private let thread = Mutex<BackgroundThread?>(nil)

    init(on socket: String, rate: Int, batch: Int) throws {
      let made = try BackgroundThread("bench-load") { [self] in
        let result = Result { try run(AdminClient(path: socket), rate: rate, batch: batch) }
        outcome.withLock { $0 = result }
      }
      thread.withLock { $0 = made }
    }

    /// Stops it; returns how many events a second were published.
    func stop() throws -> Int {
      isStopped.store(true, ordering: .relaxed)
      thread.withLock { $0?.join() }
      return try outcome.withLock { try $0?.get() ?? 0 }
    }

    private func run(_ client: AdminClient, rate: Int, batch: Int) throws -> Int {
      let begun = monotonic()
      var published = 0
      while !isStopped.load(ordering: .relaxed) {
        let due = begun + Int64(published) * 1_000_000_000 / Int64(rate)
        let early = due - monotonic()
        if early > 0 { usleep(UInt32(early / 1000)) }
        for _ in 0..<batch {
          try client.send(
            "publish",
            ["topic": "promethean.p.bench.t.t0.events.Tick", "intent": "Tick", "payload": [:]]
          )
        }
        for _ in 0..<batch { if case .error(let error) = try client.receive().content { throw error } }
        published += batch
      }
      return Int(Int64(published) * 1_000_000_000 / max(1, monotonic() - begun))
    }
  }
}

extension BenchHost {
  /// Has a plugin replaced by its next generation; returns how long nobody took meanwhile, in microseconds.
  fileprivate func reload(_ plugin: String) throws -> Double {
    var gap: Double?
    let answer = try client.call("reload", ["plugin": .string(plugin)]) { step in
      // `deliveries paused for 1234 µs`, or `without a pause`.
      if step["step"] == "switch" {
        gap = step["message"]?.stringValue?.split(separator: " ").compactMap { Double(String($0)) }.first ?? 0
      }
      return true
    }
    guard answer["outcome"] == "applied", let gap else { throw BenchError("reload of \(plugin): \(answer)") }
    return gap
  }
}
