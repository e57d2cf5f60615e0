import CChannel
import Channel
import Envelope
import FuzzRunner
import Glibc
import Locking

@testable import Host

/// The router takes whatever frames a runner sends, or says how they break the protocol; and a runner takes what the
/// router sends.
enum FramesFuzzer {
  /// More frames tell nothing new.
  private static let framesMax = 32

  static func run(_ bytes: [UInt8]) throws {
    let router = try RouterGround.current().router()
    var violations: [String] = []
    router.onViolation = { violations.append($1) }
    // Only those that say something: memory for rings is what an input costs most.
    var peers: [Int: FuzzPeer] = [:]
    var rest = bytes[...]
    for _ in 0..<framesMax where !rest.isEmpty {
      let instance = router.instances[Int(rest.removeFirst()) % router.instances.count]
      guard let size = frameSize(rest) else { break }
      let peer = try peers[instance.number] ?? start(instance)
      peers[instance.number] = peer
      peer.send(Array(rest.prefix(size)))
      router.drain(instance)
      rest = rest.dropFirst(size)
    }
    router.pass()
    // Some years from now, when no request is waited for any more.
    router.tick(now: 1 << 60, realtime: 1 << 61)
    router.pass()
    for violation in violations {
      try hold(violation.hasPrefix("it ") || violation.contains("ring"), "no sentence: \(violation)")
    }
    for peer in peers.values { try hears(peer) }
  }

  /// Has an instance run whose runner is the fuzzer; it holds one delivery, for the first frame that settles one.
  private static func start(_ instance: Instance) throws -> FuzzPeer {
    let channel = try Channel()
    instance.process = RunnerProcess(pid: -1, pidfd: -1, control: -1, stderr: -1, channel: channel)
    instance.generation += 1
    instance.state = .running
    _ = instance.deliveries.add(
      DeliveryTable.Delivery(consumer: instance.consumer, sequence: nil, request: nil, since: 0, due: .max)
    )
    return try FuzzPeer(channel)
  }

  /// The size of the first frame, the last being as long as its bytes.
  private static func frameSize(_ bytes: ArraySlice<UInt8>) -> Int? {
    let head = MemoryLayout<wire_frame>.size
    guard bytes.count >= head else { return nil }
    return min(head + Int(bytes.uint32(at: 4)), bytes.count)
  }

  private static func hears(_ peer: FuzzPeer) throws {
    while let frame = peer.receive() {
      let refusal = unsafe fuzz_runner_frame(frame, frame.count).map { unsafe String(cString: $0) }
      try hold(refusal == nil, "a runner refuses what the host sends: \(refusal ?? "")")
      guard Int32(frame.uint16(at: 0)) == WIRE_DELIVER else { continue }
      let envelope = try Envelope(binary: Array(frame.dropFirst(MemoryLayout<wire_frame>.size)))
      try hold(!envelope.src.isEmpty && !envelope.trace.isEmpty, "an envelope without the host's stamp: \(envelope)")
    }
  }
}

/// What a router stands on; the journal is closed, so that everything asked of it is answered at once, by an error.
private struct RouterGround: @unchecked Sendable {
  // Used by one input after the other.
  private let deployment: Deployment
  private let log: Log
  private let metrics = HostMetrics(version: "0", revision: "")
  private let journal: JournalThread
  private let handles: ReplyHandles

  private static let made = Locked<RouterGround?>(nil)

  /// The one of this process, let go before LeakSanitizer looks: it cannot follow pointers in an enum's spare bits.
  static func current() throws -> RouterGround {
    try made.withLock { made in
      if let made { return made }
      let ground = try RouterGround()
      made = ground
      atexit { RouterGround.made.withLock { $0 = nil } }
      return ground
    }
  }

  private init() throws {
    let (read, diagnostics) = try FuzzDeployment.read(Array(FuzzDeployment.plugins.utf8))
    guard let read, diagnostics.isEmpty else { throw InvalidDeployment(diagnostics: diagnostics) }
    deployment = read
    log = try Log(Log.Options(), metrics: metrics.registry)
    journal = try JournalThread(Journal(path: "\(FuzzFiles.path)/journal.sqlite")) { _ in }
    journal.close()
    handles = ReplyHandles(key: try ReplyKey(path: "\(FuzzFiles.path)/reply.key"))
  }

  func router() -> Router {
    let router = Router(journal: JournalLink(journal), head: 0, log: log, metrics: metrics, handles: handles)
    for (number, plan) in ConsumerPlan.all(of: deployment).enumerated() {
      let settled = SettledSequences(cursor: 0)
      router.add(
        plan,
        ConsumerRecord(id: Int64(number), name: plan.name, settled: settled, attempts: [:], patterns: [])
      )
    }
    if let everything = try? TopicPattern("promethean.>") { router.addTap(1, everything) { _ in } }
    return router
  }
}
