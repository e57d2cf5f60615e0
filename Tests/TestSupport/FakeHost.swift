package import Envelope
package import PluginABI
package import PluginKit
internal import Locking

/// A host made for tests: it drives a plugin through the same C table, on one thread of its own, as a runner does.
///
/// What the plugin says is recorded; requests are answered by a closure; time stands still until a test advances it. A
/// host lives until `stop` or `destroy`.
package final class FakeHost: Sendable {
  /// What a request is answered with.
  package enum Answer: Sendable {
    /// A response.
    case response(JSON)
    /// A response that is no JSON.
    case bytes([UInt8])
    /// A failure, by status and words.
    case failure(promethean_status, String)
    /// An error response of whoever serves it, in its words.
    case error(String)
    /// Nothing until the test calls `complete`.
    case later
  }

  /// What comes of a dial.
  package enum Dialled: Sendable {
    /// A connection to a port on loopback, whatever the name.
    case loopback(UInt16)
    /// A failure, by status and words.
    case failure(promethean_status, String)
  }

  /// Why a plugin did not do what the host asked it for.
  package struct Failure: Error, Hashable, CustomStringConvertible {
    package let status: promethean_status
    package let description: String
  }

  /// What the host knows besides its record.
  struct State {
    var record = HostRecord()
    var instance: UInt = 0
    var pending: [Completion] = []
    var isPumpDue = false
    var isPollDue = false
    var timers: [(due: Int64, token: UInt64)] = []
    var elapsed: Int64 = 0
    var lastDelivery: UInt64 = 0
    var lastOperation: UInt64 = 0
    /// How many calls still find room; nil: all.
    var room: Int?
    /// The tenant's credentials by name; nil: they are not granted.
    var credentials: [String: String]?
    /// The connection that the completion under way brings.
    var connection: (token: UInt64, descriptor: Int32)?
    var waiters: [UInt64: @Sendable (HostRecord) -> Bool] = [:]
    var lastWaiter: UInt64 = 0
  }

  /// Something that the plugin will hear by `completed`.
  struct Completion {
    var token: UInt64
    var status: promethean_status = PROMETHEAN_OK
    var message = ""
    var result: Envelope?
    /// A connection that was dialled.
    var descriptor: Int32?
  }

  /// When the hosts' clocks begin: 2026-01-01T00:00:00Z in nanoseconds since 1970.
  package static let epoch: Int64 = 1_767_225_600_000_000_000

  let state = Locked(State())
  let answer: @Sendable (Envelope) -> Answer
  let publishAnswer: @Sendable (Envelope) -> promethean_status
  let dialAnswer: @Sendable (String, UInt16) -> Dialled
  let memory: HostMemory
  let pluginID: String

  /// A host for one instance of a plugin.
  ///
  /// - Parameters:
  ///   - plugin: What `create` makes.
  ///   - config: The operator's configuration.
  ///   - provider: The provider that the instance is bound to.
  ///   - tenant: The tenant that it is bound to.
  ///   - binding: What the operator lets it do there: `allow`, `rate` and `grants`.
  ///   - missing: The extensions that are not granted.
  ///   - answer: What a request is answered with.
  ///   - publishAnswer: How a publication ends; pending: not until the test calls `end`.
  ///   - dialAnswer: Where a dial leads; by default to the port of that number on loopback.
  package init<Made: Plugin>(
    _ plugin: Made.Type,
    config: JSON = [:],
    provider: String = "",
    tenant: String = "",
    binding: JSON? = nil,
    missing: Set<String> = [],
    answer: @escaping @Sendable (Envelope) -> Answer = { _ in .failure(PROMETHEAN_UNAVAILABLE, "nobody serves it") },
    publishAnswer: @escaping @Sendable (Envelope) -> promethean_status = { _ in PROMETHEAN_OK },
    dialAnswer: @escaping @Sendable (String, UInt16) -> Dialled = { .loopback($1) }
  ) {
    pluginID = Made.id
    self.answer = answer
    self.publishAnswer = publishAnswer
    self.dialAnswer = dialAnswer
    memory = unsafe HostMemory(
      texts: [Made.id, "\(Made.id)-1", provider, tenant, config.text, "sha256:test", binding?.text ?? ""],
      missing: missing,
      entry: { unsafe PluginEntry<Made>.table }
    )
  }

  /// Gives the host's table another version or size than its own before `create`.
  package func pretend(major: UInt16 = 1, minor: UInt16 = 1, structSize: Int? = nil) {
    memory.pretend(major: major, minor: minor, structSize: structSize)
  }

  /// Gives the tenant those credentials, and says so to a plugin that was made before.
  ///
  /// Without any the extension is not granted, which is looked at when the plugin is made.
  package func give(credentials: [String: String]) async {
    await onThread { host in
      let instance = host.state.withLock { state in
        state.credentials = credentials
        return state.instance
      }
      if instance != 0 { host.memory.secretsChanged(instance) }
    }
  }

  /// What has been heard so far.
  package var record: HostRecord { state.withLock { $0.record } }

  /// How much time has passed since the host began.
  package var elapsed: Duration { .nanoseconds(state.withLock { $0.elapsed }) }

  // MARK: - Driving

  /// Makes the instance.
  package func create() async throws {
    let context = unsafe UInt(bitPattern: Unmanaged.passRetained(self).toOpaque())
    let status = await onThread { host -> promethean_status in
      let (status, instance) = host.memory.create(context: context)
      host.state.withLock { $0.instance = instance }
      return status
    }
    try check(status)
  }

  /// Starts the instance; returns when it is ready.
  package func start() async throws {
    try await operate { $0.start($1, $2) }
  }

  /// Makes and starts the instance.
  package func boot() async throws {
    try await create()
    try await start()
  }

  /// Delivers envelopes one after the other, stamped as the host stamps them, and polls once after them.
  package func deliver(_ envelopes: [Envelope]) async -> [UInt64] {
    await onThread { host in
      let deliveries = envelopes.map(host.deliverNow)
      host.schedulePoll()
      return deliveries
    }
  }

  /// Delivers an envelope.
  package func deliver(_ envelope: Envelope) async -> UInt64 {
    await deliver([envelope])[0]
  }

  /// Delivers envelopes as those of ephemeral areas, of which nobody hears how they ended, and polls once after them.
  package func deliverEphemeral(_ envelopes: [Envelope]) async {
    await onThread { host in
      for envelope in envelopes { host.deliverNow(envelope, as: 0) }
      host.schedulePoll()
    }
  }

  /// How a delivery ends; returns when it has.
  package func outcome(of delivery: UInt64) async -> HostRecord.Outcome {
    await until { $0.outcome(of: delivery) }
  }

  /// Delivers an envelope and returns how that ends.
  package func handle(_ envelope: Envelope) async -> HostRecord.Outcome {
    await outcome(of: await deliver(envelope))
  }

  /// Delivers an envelope as a request and returns the response, or throws the words of an error response.
  package func request(_ envelope: Envelope) async throws -> JSON {
    var envelope = envelope
    envelope.flags = .request
    let outcome = await handle(envelope)
    guard case .response(let response) = outcome else {
      throw Failure(status: PROMETHEAN_FAILED, description: "expected a response, found \(outcome)")
    }
    let json = response.payload.isEmpty ? .null : try JSON.parse(response.payload)
    guard response.flags.contains(.error) else { return json }
    throw Failure(status: PROMETHEAN_FAILED, description: json["message"]?.stringValue ?? json.text)
  }

  /// Stops and frees the instance.
  package func stop() async throws {
    try await operate { $0.stop($1, $2) }
    await destroy()
  }

  // MARK: - Taking the place of another

  private var instance: UInt { state.withLock { $0.instance } }

  /// How the plugin says that it is, nil if it cannot say.
  package func health() async -> (status: promethean_status, reason: String)? {
    await onThread { $0.memory.health($0.instance) }
  }

  /// What the plugin gives the next generation, nil if it cannot hand over.
  package func give() async throws -> (version: UInt32, state: [UInt8])? {
    guard let given = await onThread({ $0.memory.give($0.instance) }) else { return nil }
    try check(given.status)
    return (given.version, given.state)
  }

  /// Has the plugin take what an earlier generation gave.
  package func take(_ state: [UInt8], version: UInt32) async throws {
    try check(await onThread { $0.memory.take($0.instance, version, state) })
  }

  /// Has the plugin go on after it gave.
  package func resume() async { await onThread { $0.memory.resume($0.instance) } }

  /// Frees the instance, stopped or not; what it waited for is not for the one that is made next.
  package func destroy() async {
    await onThread { host in
      let instance = host.state.withLock { state in
        defer { (state.instance, state.pending, state.timers) = (0, [], []) }
        return state.instance
      }
      if instance != 0 { host.memory.destroy(instance) }
    }
  }

  // MARK: - Answering

  /// Answers a request that was left for later.
  package func complete(_ request: HostRecord.Request, _ answer: Answer) async {
    let completion = completion(of: request.token, answer)
    await onThread { $0.add(completion) }
  }

  /// Sets how many calls still find room (nil: all), and says so to the plugin if there is any.
  package func makeRoom(_ room: Int?) async {
    await onThread { host in
      host.state.withLock { $0.room = room }
      if room != 0 { host.schedulePoll() }
    }
  }

  /// Lets time pass, and the timers that are due by then fire in their order.
  package func advance(by duration: Duration) async {
    await onThread { $0.pass(duration) }
  }

  /// Returns what `probe` finds in the record, once it finds something.
  package func until<Value: Sendable>(_ probe: @escaping @Sendable (HostRecord) -> Value?) async -> Value {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        if let found = probe(state.record) { return continuation.resume(returning: found) }
        state.lastWaiter += 1
        state.waiters[state.lastWaiter] = { record in
          guard let found = probe(record) else { return false }
          continuation.resume(returning: found)
          return true
        }
      }
    }
  }

  // MARK: - On the thread

  private func onThread<Value: Sendable>(_ body: @escaping @Sendable (FakeHost) -> Value) async -> Value {
    await HostThread.shared.run { body(self) }
  }

  private func check(_ status: promethean_status) throws {
    if status != PROMETHEAN_OK { throw Failure(status: status, description: record.error) }
  }

  private func operate(_ call: @escaping @Sendable (HostMemory, UInt, UInt64) -> promethean_status) async throws {
    let operation = await onThread { host -> UInt64 in
      let (instance, operation) = host.state.withLock { state in
        state.lastOperation += 1
        return (state.instance, state.lastOperation)
      }
      let status = call(host.memory, instance, operation)
      if status != PROMETHEAN_PENDING { host.heard { $0.operations[operation] = status } }
      return operation
    }
    try check(await until { $0.operations[operation] })
  }

  private func deliverNow(_ envelope: Envelope) -> UInt64 {
    let delivery = state.withLock { state in
      state.lastDelivery += 1
      return state.lastDelivery
    }
    deliverNow(envelope, as: delivery)
    return delivery
  }

  private func deliverNow(_ envelope: Envelope, as delivery: UInt64) {
    let (instance, now) = state.withLock { ($0.instance, Self.epoch + $0.elapsed) }
    switch memory.deliver(instance, delivery, envelope.stamped(now: now, delivery: delivery)) {
    case _ where delivery == 0: break
    case PROMETHEAN_OK: heard { $0.settled.append(.init(delivery: delivery, outcome: .ack)) }
    case PROMETHEAN_PENDING: break
    case let status: heard { $0.settled.append(.init(delivery: delivery, outcome: .retry("\(status): \($0.error)"))) }
    }
  }

  private func pass(_ duration: Duration) {
    state.withLock { state in
      state.elapsed += Int64(duration / .nanoseconds(1))
      let now = state.elapsed
      let due = state.timers.filter { $0.due <= now }.sorted { $0.due < $1.due }
      state.timers.removeAll { $0.due <= now }
      state.pending += due.map { Completion(token: $0.token) }
    }
    schedulePump()
  }

  /// Changes the record and wakes the tests that wait for what it now says.
  func heard(_ change: (inout HostRecord) -> Void) {
    state.withLock { state in
      change(&state.record)
      let record = state.record
      state.waiters = state.waiters.filter { !$0.value(record) }
    }
  }

  /// Lets the plugin hear something by `completed`, not within the call that caused it.
  func add(_ completion: Completion) {
    state.withLock { $0.pending.append(completion) }
    schedulePump()
  }

  func completion(of token: UInt64, _ answer: Answer) -> Completion? {
    switch answer {
    case .later: return nil
    case .error(let words):
      var response = Envelope(payload: JSON.object(["status": "error", "message": .string(words)]).bytes())
      response.flags = [.response, .error]
      return Completion(token: token, status: PROMETHEAN_FAILED, result: response)
    case .failure(let status, let message): return Completion(token: token, status: status, message: message)
    case .response(let json): return completion(of: token, .bytes(json.bytes()))
    case .bytes(let bytes):
      var response = Envelope(payload: bytes)
      response.flags = .response
      return Completion(token: token, result: response)
    }
  }

  func add(_ completion: Completion?) {
    if let completion { add(completion) }
  }

  /// Asks for a poll from the thread's next round.
  func schedulePoll() {
    state.withLock { $0.isPollDue = true }
    schedulePump()
  }

  private func schedulePump() {
    let isDue = state.withLock { state in
      defer { state.isPumpDue = true }
      return state.isPumpDue
    }
    if !isDue { HostThread.shared.enqueue { self.pump() } }
  }

  private func pump() {
    let (completions, isPollDue, instance) = state.withLock { state in
      defer { (state.pending, state.isPumpDue, state.isPollDue) = ([], false, false) }
      return (state.pending, state.isPollDue, state.instance)
    }
    guard instance != 0 else { return }
    for completion in completions {
      state.withLock { state in state.connection = completion.descriptor.map { (completion.token, $0) } }
      memory.completed(instance, completion)
      // What is not taken is closed.
      _ = takeConnection(completion.token).map(LoopbackListener.close)
    }
    guard isPollDue else { return }
    heard { $0.polls += 1 }
    memory.poll(instance)
  }
}

extension Envelope {
  /// The envelope with what the host fills in where the test has not.
  fileprivate func stamped(now: Int64, delivery: UInt64) -> Envelope {
    var envelope = self
    if let topic = try? Topic(topic) { (envelope.provider, envelope.tenant) = (topic.provider, topic.tenant) }
    if envelope.src.isEmpty { envelope.src = "client:test" }
    if envelope.id.isEmpty { envelope.id = "test-\(delivery)" }
    if envelope.ts == 0 { envelope.ts = now }
    if envelope.attempt == 0 { envelope.attempt = 1 }
    if envelope.trace.isEmpty { envelope.trace = Traceparent.begin().description }
    if envelope.flags.contains(.request), envelope.corr.isEmpty { envelope.corr = "corr-\(delivery)" }
    return envelope
  }
}
