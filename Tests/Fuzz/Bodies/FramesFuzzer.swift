import CChannel
import Envelope
import PluginABI
import TestSupport

@testable import Channel
@testable import Host

/// The router takes whatever frames a runner sends, or says how they break the protocol.
enum FramesFuzzer {
  /// More frames tell nothing new.
  private static let framesMax = 32

  /// What a router stands on; the journal is closed, so that everything asked of it is answered at once, by an error.
  private struct Ground: @unchecked Sendable {
    // Used by one input after the other.
    let deployment: Deployment
    let log: Log
    let metrics = HostMetrics(version: "0", revision: "")
    let journal: JournalThread

    static let shared: Ground = {
      do { return try Ground() } catch { fatalError("no ground for a router: \(error)") }
    }()

    private init() throws {
      let (read, diagnostics) = try FuzzDeployment.read(Array(FuzzDeployment.plugins.utf8))
      guard let read, diagnostics.isEmpty else { throw InvalidDeployment(diagnostics: diagnostics) }
      deployment = read
      log = try Log(Log.Options(), metrics: metrics.registry)
      journal = try JournalThread(Journal(path: "\(FuzzFiles.path)/journal.sqlite")) { _ in }
      journal.close()
    }

    private func record(_ number: Int64, _ name: String) -> ConsumerRecord {
      ConsumerRecord(id: number, name: name, settled: SettledSequences(cursor: 0), attempts: [:])
    }

    func router() -> Router {
      let router = Router(journal: JournalLink(journal), head: 0, log: log, metrics: metrics)
      for (number, plan) in ConsumerPlan.all(of: deployment).enumerated() {
        router.add(plan, record(Int64(number), plan.name))
      }
      if let everything = try? TopicPattern("promethean.>") { router.addTap(1, everything) { _ in } }
      return router
    }
  }

  static func run(_ bytes: [UInt8]) throws {
    let router = Ground.shared.router()
    for instance in router.instances { _ = instance.deliveries.add(delivery(to: instance)) }
    var rest = bytes[...]
    for _ in 0..<framesMax where !rest.isEmpty {
      let instance = router.instances[Int(rest.removeFirst()) % router.instances.count]
      guard let size = frameSize(rest) else { break }
      try handle(Array(rest.prefix(size)), router, instance)
      rest = rest.dropFirst(size)
    }
    router.pass()
    // A few years from now, when no request is waited for any more.
    router.tick(now: 1 << 60, realtime: 1 << 61)
    router.pass()
  }

  /// One that is not recorded, for the first frame that settles one to find.
  private static func delivery(to instance: Instance) -> DeliveryTable.Delivery {
    DeliveryTable.Delivery(consumer: instance.consumer, sequence: nil, request: nil, since: 0, due: .max)
  }

  /// The size of the first frame, the last being as long as its bytes.
  private static func frameSize(_ bytes: ArraySlice<UInt8>) -> Int? {
    let head = MemoryLayout<wire_frame>.size
    guard bytes.count >= head else { return nil }
    return min(head + Int(bytes.uint32(at: 4)), bytes.count)
  }

  private static func handle(_ frame: [UInt8], _ router: Router, _ instance: Instance) throws {
    try unsafe frame.withUnsafeBytes { bytes in
      guard let frame = unsafe Frame(bytes) else { return }
      do { try router.handle(frame, from: instance) } catch {
        guard let violation = error as? Router.Violation else {
          throw Finding(description: "not how a protocol is broken: \(error)")
        }
        try hold(violation.description.hasPrefix("it "), "no sentence: \(violation)")
      }
    }
  }
}
