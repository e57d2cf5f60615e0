import Locking
import MessageIndexer
import PluginABI
import PluginKit
import TestSupport
import Testing

/// An indexer with what it speaks to: a provider's spaces, a storage of ledgers, and a journal that delivers what it orders
/// of itself, until it is acknowledged.
final class BackfillStage: Sendable {
  /// What the provider does other than it should, by the number of the request for history.
  typealias Script = @Sendable (_ number: Int) -> FakeHost.Answer?

  struct World: Sendable {
    var pasts: [String: PastModel] = [:]
    var ledgers: [String: JSON] = [:]
    /// How many pages were asked for, and listings of spaces.
    var pages = 0
    var listings = 0
    /// Requests and publications of any kind; at one of this number the process is ended, its effect being done or not.
    var calls = 0
    var killAt: (number: Int, isDone: Bool)?
    var isDead = false
  }

  /// What tests and the host's answers share.
  private final class Shared: Sendable {
    let world: Locked<World>

    init(_ world: World) { self.world = Locked(world) }
  }

  static let topic = "promethean.p.net.t.demo.jobs.backfill.messages."
  private let shared: Shared
  let host: FakeHost
  private let queue = Locked<(waiting: [Envelope], known: Set<String>, taken: Int)>(([], [], 0))

  init(
    _ pasts: [String: PastModel],
    config: JSON = [:],
    missing: Set<String> = [],
    script: @escaping Script = { _ in nil }
  ) async throws {
    let shared = Shared(World(pasts: pasts))
    self.shared = shared
    host = FakeHost(
      MessageIndexer.self,
      config: config,
      missing: missing,
      answer: { request in
        shared.world.withLock { world in
          guard !world.isDead else { return .later }
          let isKilled = Self.isKilled(&world)
          if isKilled, world.killAt?.isDone == false { return .later }
          let answer = Self.answer(request, &world, script)
          return isKilled ? .later : answer
        }
      },
      publishAnswer: { _ in
        shared.world.withLock { world in
          // One that is not heard of is as good as not made: the next process makes it again.
          world.isDead || Self.isKilled(&world) ? PROMETHEAN_PENDING : PROMETHEAN_OK
        }
      }
    )
    try await host.boot()
  }

  /// Looks at what there is, or changes it.
  func on<Value: Sendable>(_ body: (inout sending World) -> sending Value) -> Value {
    shared.world.withLock(body)
  }

  static func urn(_ space: String) -> String { "urn:net:room:demo:\(space)" }

  // MARK: - Those it speaks to

  /// Whether the process is ended at a call.
  private static func isKilled(_ world: inout World) -> Bool {
    world.calls += 1
    if world.killAt?.number == world.calls { world.isDead = true }
    return world.isDead
  }

  private static func answer(_ request: Envelope, _ world: inout World, _ script: Script) -> FakeHost.Answer {
    let payload = (try? JSON.parse(request.payload)) ?? .null
    switch request.topic.split(separator: ".").last.map(String.init) {
    case "get":
      let body = payload["foreign_id"]?.stringValue.flatMap { world.ledgers[$0] }
      return .response(["document": body.map { ["body": $0] } ?? .null])
    case "put":
      for document in payload["documents"]?.arrayValue ?? [] {
        world.ledgers[document["foreign_id"]?.stringValue ?? ""] = document["body"] ?? .null
      }
      return .response(["written": 1])
    case "request":
      if payload["spaces"] != nil {
        world.listings += 1
        let names = world.pasts.keys.sorted().filter { $0 > payload["spaces"]?["after"]?.stringValue ?? "" }
        let page = names.prefix(3)
        let spaces = page.map { JSON.object(["space_urn": .string(urn($0))]) }
        let next: JSON = page.count < names.count ? .string(page.last ?? "") : .null
        return .response(["status": 200, "ok": true, "data": ["spaces": .array(spaces), "next": next]])
      }
      world.pages += 1
      if let other = script(world.pages) { return other }
      let name = payload["history"]?["space_urn"]?.stringValue?.split(separator: ":").last.map(String.init) ?? ""
      guard world.pasts[name] != nil else {
        return .response(["status": 404, "ok": false, "data": .null, "error": "Unknown Room"])
      }
      let data = world.pasts[name]?.page(
        before: payload["history"]?["before"]?.stringValue,
        until: payload["history"]?["until"]?.intValue,
        limit: Int(payload["history"]?["limit"]?.intValue ?? 0)
      )
      return .response(["status": 200, "ok": true, "retry_after_ms": 0, "data": data ?? .null])
    default: return .failure(PROMETHEAN_UNAVAILABLE, "nobody serves it")
    }
  }

  // MARK: - The journal

  /// Orders a job.
  func enqueue(_ order: JSON, id: String = "order") {
    var envelope = Envelope(topic: Self.topic + "enqueue", intent: "enqueue", payload: order.bytes())
    envelope.id = id
    queue.withLock { $0.waiting.append(envelope) }
  }

  /// Delivers what waits until nothing does, or it has been tried so often; the process is started again where it was ended.
  func run(rounds: Int = 20_000) async throws {
    var round = 0
    while let next = queue.withLock({ $0.waiting.first }), round < rounds {
      round += 1
      let delivery = await host.deliver(next)
      await host.settle(rounds: 20)
      while !on({ $0.isDead }), host.record.outcome(of: delivery) == nil {
        await host.advance(by: .seconds(1))
        await host.settle(rounds: 20)
      }
      if on({ $0.isDead }) {
        await host.destroy()
        on { ($0.isDead, $0.killAt) = (false, nil) }
        try await host.boot()
      }
      let outcome = host.record.outcome(of: delivery)
      let steps = host.record.published.filter { $0.topic == Self.topic + "step" }
      queue.withLock { queue in
        for step in steps.dropFirst(queue.taken) where queue.known.insert(step.id).inserted {
          queue.waiting.append(step)
        }
        queue.taken = steps.count
        let first = queue.waiting.removeFirst()
        if outcome == nil || outcome == .release { queue.waiting.append(first) }
      }
    }
    try #require(round < rounds, "the job came to no end")
  }

  /// What was told under a name, each payload once.
  func told(_ name: String) throws -> [JSON] {
    var ids: Set<String> = []
    return try host.record.published.filter { $0.topic == Self.topic + name && ids.insert($0.id).inserted }
      .map { try JSON.parse($0.payload) }
  }

  /// Numbers of messages that are there and were not fetched, by space.
  var missing: [String: [Int]] { on { $0.pasts.mapValues(\.missing).filter { !$0.value.isEmpty } } }
  var pages: Int { on { $0.pages } }
}
