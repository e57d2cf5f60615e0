internal import Envelope
internal import Glibc
internal import Host

/// A host that runs in this process, on a thread of its own, with the benchmark's plugins in their runners.
final class BenchHost {
  /// What runs in it.
  struct Plan {
    /// Sources, each for a tenant of its own, t0 and so on; at most 8.
    var sources: Int
    /// Sinks, which share what the sources publish; source n has sink n if they are as many.
    var sinks: Int
    /// Whether the journal waits for the disk at each commit.
    var isSynced = true
    /// Whether the plugin that harms is there too.
    var isHarmed = false
    /// Whether the plugin that is reloaded hands over; nil: it is not there.
    var keeper: Bool?
  }

  private enum Event: Sendable {
    case ready
    case failed(String)
  }

  private let sources: Int
  private let sinks: Int
  private let events: Mailbox<Event>
  private let thread: BackgroundThread
  let client: AdminClient
  /// Where others connect to it.
  let socket: String

  /// Starts a host and waits until its plugins are ready.
  convenience init(_ plan: Plan, in directory: WorkDirectory, named name: String) throws {
    try self.init(
      deployment: Self.deployment(plan),
      in: directory,
      named: name,
      sources: plan.sources,
      sinks: plan.sinks
    )
  }

  /// Starts a host on the text of a plugins.yml, and waits until its plugins are ready.
  init(
    deployment text: String,
    in directory: WorkDirectory,
    named name: String,
    sources: Int = 0,
    sinks: Int = 0
  ) throws {
    (self.sources, self.sinks) = (sources, sinks)
    let deployment = try directory.make(name)
    try WorkDirectory.write(Array(text.utf8), to: "\(deployment)/plugins.yml")
    var options = HostOptions(
      deployment: "\(deployment)/plugins.yml",
      searchPath: [directory.products],
      runner: directory.runner
    )
    let events = Mailbox<Event>()
    options.onReady = { status in events.post(Self.verdict(on: status)) }
    self.events = events
    thread = try BackgroundThread("bench-host") { [options] in
      do {
        let code = try HostProcess(options: options).run()
        if code != 0 { events.post(.failed("the host ended with \(code)")) }
      } catch {
        events.post(.failed("\(error)"))
      }
    }
    try Self.awaitReady(events)
    socket = AdminClient.socketPath(directory: deployment)
    client = try AdminClient(path: socket)
  }

  /// Stops the host and its plugins, and waits until they are gone.
  func stop() throws {
    try client.call("shutdown")
    thread.join()
  }

  // MARK: - Work

  /// What one run of the sources came to; times are of the monotonic clock, in nanoseconds.
  struct Outcome {
    /// When the first source began.
    var begun = Int64.max
    /// When the last source was done: everything is published, and, in a durable area, recorded.
    var ended: Int64 = 0
    /// Publishes that did not end well.
    var refused: Int64 = 0
    /// What the sinks got, and when the last of it came.
    var received: Int64 = 0
    var last: Int64 = 0
    /// How long a ping was on its way, of one sink.
    var p50: Int64 = 0
    var p99: Int64 = 0
  }

  /// How the sources publish; the numbers are those of the plugin's.
  enum Mode: Int64 {
    case stream, durable, ping, paced
  }

  /// Has every source publish, and asks the sinks what they got.
  ///
  /// That is `rate` a second, if they are paced; else as many as the window allows.
  func run(_ mode: Mode, count: Int, size: Int, window: Int = 0, rate: Int = 1) throws -> Outcome {
    var outcome = Outcome()
    let work: JSON = [
      "mode": .int(mode.rawValue), "count": .int(Int64(count)), "size": .int(Int64(size)),
      "window": .int(Int64(window)), "rate": .int(Int64(rate)),
    ]
    for answer in try ask((0..<sources).map { ("t\($0)", "run", "\($0)", work) }) {
      outcome.begun = min(outcome.begun, answer["begun"]?.intValue ?? .max)
      outcome.ended = max(outcome.ended, answer["ended"]?.intValue ?? 0)
      outcome.refused += answer["refused"]?.intValue ?? 0
    }
    // A request follows what was published before it through the same ring, so all has been counted that will be.
    for answer in try ask((0..<sinks).map { ("t0", "report", "\($0)", [:]) }) {
      outcome.received += answer["count"]?.intValue ?? 0
      outcome.last = max(outcome.last, answer["last"]?.intValue ?? 0)
      outcome.p50 = max(outcome.p50, answer["p50"]?.intValue ?? 0)
      outcome.p99 = max(outcome.p99, answer["p99"]?.intValue ?? 0)
    }
    return outcome
  }

  // MARK: - Harm

  /// Has the hostile plugin harm until a time, in the way that the plugin has under the name `kind`.
  ///
  /// It is told to by so many events, which is how often it can be ended by what it does.
  func harm(_ kind: String, events: Int, until: Int64) throws {
    for _ in 0..<events {
      try client.send(
        "publish",
        [
          "topic": "promethean.p.bench.t.t0.events.Harm", "intent": .string(kind), "payload": ["until": .int(until)],
        ]
      )
    }
    for _ in 0..<events { _ = try answer(to: kind) }
  }

  /// Waits until the hostile plugin is there, has nothing left to do, and the host has read all that it sent; returns how
  /// often it was started again.
  func awaitCalm() throws -> Int64 {
    let patience = monotonic() + 20_000_000_000
    while monotonic() < patience {
      let instances = try client.call("status")["instances"]?.arrayValue ?? []
      guard let hostile = instances.first(where: { $0["plugin"] == "bench-hostile" }) else { break }
      if hostile["state"] == "QUARANTINED" { throw BenchError("quarantined: \(hostile["error"] ?? .null)") }
      if hostile["ready"] == true, hostile["lag"] == 0, hostile["in_flight"] == 0 {
        // The answer follows what was sent before it through the same ring; while that has no room for it there is none.
        if (try? ask([("t0", "calm", "", [:])])) != nil { return hostile["restarts"]?.intValue ?? 0 }
      }
      usleep(20_000)
    }
    throw BenchError("the hostile plugin did not calm down")
  }

  private func answer(to name: String) throws -> JSON {
    switch try client.receive().content {
    case .ok(let answer): return answer
    case .error(let error): throw error
    case .item: throw BenchError("\(name): an item is no answer")
    }
  }

  /// Sends requests together and returns the payloads of their answers.
  private func ask(_ requests: [(tenant: String, name: String, key: String, payload: JSON)]) throws -> [JSON] {
    for request in requests {
      try client.send(
        "request",
        [
          "topic": .string("promethean.p.bench.t.\(request.tenant).control.\(request.name)"),
          "intent": .string(request.name), "key": .string(request.key), "payload": request.payload,
          "timeout_ms": 60_000,
        ]
      )
    }
    return try requests.map { try answer(to: $0.name)["envelope"]?["data"] ?? .null }
  }

  // MARK: - Starting

  private static func awaitReady(_ events: Mailbox<Event>) throws {
    var source = pollfd(fd: events.descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&source, 1, 30_000) == 1 else { throw BenchError("the host's plugins did not become ready") }
    for event in events.drain() {
      if case .failed(let why) = event { throw BenchError(why) }
    }
  }

  private static func verdict(on status: JSON) -> Event {
    for instance in status["instances"]?.arrayValue ?? [] where instance["ready"]?.boolValue != true {
      let (name, why) = (instance["name"]?.stringValue ?? "", instance["error"]?.stringValue ?? "no reason given")
      return .failed("\(name) is not ready: \(why)")
    }
    return .ready
  }

  /// Envelopes a second that no plugin comes to: what is measured is the host.
  private static let unlimited = 10_000_000

  private static func deployment(_ plan: Plan) -> String {
    let tenants = (0..<plan.sources).map { "  - { provider: bench, tenant: t\($0) }\n" }.joined()
    let sink = """

        bench-sink:
          library: BenchSink
          tenants: ["*/*"]
          replicas: \(plan.sinks)
          grants:
            subscribe: ["promethean.p.bench.t.*.voice.(frame|ping|tick)", "promethean.p.bench.t.*.control.report"]
            publish: ["promethean.p.bench.t.*.voice.pong"]
          limits: { rate: \(unlimited) }
      """
    let hostile = """

        bench-hostile:
          library: BenchHostile
          tenants: ["*/*"]
          grants:
            subscribe:
              - "promethean.p.bench.t.*.events.Harm"
              - "promethean.p.bench.t.*.control.calm"
              - "promethean.p.bench.t.*.voice.noise"
            publish: ["promethean.p.bench.t.*.(voice|events|control).noise"]
            log: {}
            clock: {}
            fs.write: [data]
          limits: { memory: 64MiB, disk: 64MiB, in_flight: 1, max_attempts: 100 }
      """
    let keeper = plan.keeper.map { handsOver in
      """

        bench-keeper:
          library: BenchKeeper
          tenants: ["*/*"]
          grants:
            subscribe: ["promethean.p.bench.t.*.events.Tick"]
          config: { hands_over: \(handsOver ? 1 : 0) }
      """
    }
    return """
      version: 1
      host:
        http: { enabled: false }
        journal: { sync: \(plan.isSynced ? "full" : "normal") }
        log: { level: warn }
      tenants:
      \(tenants)plugins:
        bench-source:
          library: BenchSource
          tenants: [\((0..<plan.sources).map { "bench/t\($0)" }.joined(separator: ", "))]
          grants:
            subscribe: ["promethean.p.bench.t.*.control.run", "promethean.p.bench.t.*.voice.pong"]
            publish: ["promethean.p.bench.t.*.voice.(frame|ping|tick)", "promethean.p.bench.t.*.events.BenchEvent"]
          limits: { rate: \(unlimited) }
      \(plan.sinks > 0 ? sink : "")\(plan.isHarmed ? hostile : "")\(keeper ?? "")
      """
  }
}
