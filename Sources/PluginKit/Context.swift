public import Envelope

/// What an instance knows about itself, and all that it can do to the world.
///
/// What is not granted throws a `HostError` that says so. What is published or requested while an envelope is being
/// handled carries on its trace.
@PluginActor
public final class Context {
  /// The plugin's id.
  public nonisolated let pluginID: String
  /// The name of this instance, unique in the deployment.
  public nonisolated let instanceName: String
  /// The provider that an access instance is bound to; empty for one that serves several tenants.
  public nonisolated let provider: String
  /// The tenant that an access instance is bound to; empty for one that serves several.
  public nonisolated let tenant: String
  /// The operator's configuration, defaults filled in.
  public nonisolated let config: Config
  /// The digest of that configuration, and of the binding.
  public nonisolated let configRev: String
  /// What the operator lets an access instance do with its tenant, or which tenants an instance serves.
  public nonisolated let binding: Binding
  /// The log; from any thread.
  public nonisolated let log: Log
  /// The metrics; from any thread.
  public nonisolated let metrics: Metrics
  /// The time, and waiting for it.
  public let clock: Clock
  /// Small documents that outlive the instance.
  public let state: State
  /// The credentials of the instance's tenant.
  public let secrets: Secrets

  private let calls: HostCalls
  private let turns: Turns

  init(host: HostHandle, calls: HostCalls, timers: Timers, turns: Turns) throws {
    pluginID = host.pluginID
    instanceName = host.instanceName
    provider = host.provider
    tenant = host.tenant
    config = try Config(json: host.config)
    configRev = host.configRev
    binding = try Binding(json: host.binding)
    log = Log(host: host)
    metrics = Metrics(host: host)
    clock = Clock(timers: timers)
    state = State(calls: calls, provider: host.provider, tenant: host.tenant)
    secrets = Secrets(host: host)
    self.calls = calls
    self.turns = turns
  }

  /// Sends an envelope to whoever subscribes to its topic; returns once it is recorded (durable areas) or routed (the
  /// others).
  ///
  /// Waits while the host has no room. Empty `trace` and `configRev` are filled in.
  public func publish(_ envelope: Envelope) async throws(HostError) {
    let envelope = completed(envelope)
    _ = try await calls.perform { .publish(envelope, token: $0) }
  }

  /// Sends an envelope as `publish(_:)` does, without a task that waits: for whoever has thousands a second.
  ///
  /// Envelopes are taken in the order of the calls, whether the host has room or not: what it has none for is kept, so
  /// bound that by `room(below:)`.
  ///
  /// - Parameters:
  ///   - envelope: What to send.
  ///   - whenRecorded: Hears once how it ended, on the plugin's thread: before this returns if the host refuses it at
  ///     once, and with an error of kind `cancelled`, after which nothing can be sent, if the instance has stopped
  ///     before it was known.
  public func publish(
    _ envelope: Envelope,
    whenRecorded: @escaping @PluginActor (Result<Void, HostError>) -> Void
  ) {
    if isComplete(envelope) {
      calls.publish(envelope, whenRecorded)
    } else {
      calls.publish(completed(envelope), whenRecorded)
    }
  }

  /// How many calls the plugin has made that the host has had no room for yet.
  public var backlog: Int { calls.backlog }

  /// Returns once `backlog` is below a limit, or the instance has stopped.
  ///
  /// Before the next of many envelopes are read or made, it keeps what they take of memory within that limit; a limit of
  /// some hundred keeps the host busy meanwhile.
  public func room(below limit: Int = 256) async {
    await calls.room(below: limit)
  }

  /// Sends a request and returns its response.
  ///
  /// The deadline is the envelope's own, else `timeout` from now, else that of the envelope being handled, else the
  /// host's default.
  ///
  /// - Throws: A `HostError` if the request was answered with an error, whose words it bears, denied, or not answered
  ///   in time.
  public func request(_ envelope: Envelope, timeout: Duration? = nil) async throws(HostError) -> Envelope {
    var envelope = completed(envelope)
    if envelope.deadline == 0 {
      envelope.deadline =
        timeout.map { clock.now.nanoseconds.addingSaturated($0.nanoseconds) } ?? Deliveries.cause?.deadline ?? 0
    }
    let response = try await calls.perform { [envelope] in .request(envelope, token: $0) }
    guard let response else {
      throw HostError(.failed, "request on \(envelope.topic): expected a response, found none")
    }
    return response
  }

  /// Has a message written.
  ///
  /// What is posted while an envelope is handled gets an `idempotencyKey`, if it has none: if the envelope is delivered
  /// again, the same message is the same wish, which is performed once.
  ///
  /// - Parameters:
  ///   - message: What, and in which space.
  ///   - reply: The `reply` of the message that it answers, which allows to write in that space; without it a grant
  ///     `social.post` is needed.
  /// - Returns: What the access plugin answered.
  /// - Throws: A `HostError` of kind `denied` without either, or why it was not written.
  public func post(_ message: PostMessage, reply: String = "") async throws(HostError) -> Envelope {
    let topic: Topic
    do throws(TopicError) {
      topic = try Topic(
        provider: message.provider,
        tenant: message.tenant,
        area: "social",
        name: PostMessage.intent
      )
    } catch {
      throw HostError(.invalid, "post: \(error)")
    }
    var message = message
    message.idempotencyKey = message.idempotencyKey ?? Handling.current?.key(ofWish: message.json.bytes())
    var envelope = Envelope(topic: topic.description, intent: PostMessage.intent, payload: message.json.bytes())
    envelope.key = message.spaceURN.description
    envelope.resource = message.spaceURN.description
    envelope.reply = reply
    return try await request(envelope)
  }

  /// Returns once the host has handed over all of the deliveries that came together.
  ///
  /// So that work for all of them can be done at once, such as one write to the disk.
  public func endOfBatch() async {
    await turns.next()
  }

  /// Subscribes to a pattern beyond the `inputs` of the manifest, which are subscribed by themselves.
  public func subscribe(_ pattern: TopicPattern) async throws(HostError) {
    _ = try await calls.perform { .subscribe(pattern.description, token: $0) }
  }

  /// Has the host connect to a host, by name or address, and a port.
  ///
  /// TLS is the plugin's own affair. Addresses that are private to a machine or network are refused unless the operator
  /// has granted this very name.
  public func dial(
    _ host: String,
    port: UInt16,
    over network: Connection.Network = .tcp
  ) async throws(HostError) -> Connection {
    try await calls.dial(network, host: host, port: port)
  }

  /// Whether there is nothing to fill in, so that the envelope need not be copied.
  private func isComplete(_ envelope: Envelope) -> Bool {
    !envelope.configRev.isEmpty && (!envelope.trace.isEmpty || Deliveries.cause == nil)
  }

  /// The envelope with what follows from its cause.
  private func completed(_ envelope: Envelope) -> Envelope {
    var envelope = envelope
    if envelope.trace.isEmpty, let cause = Deliveries.cause, let trace = Traceparent(cause.trace) {
      envelope.trace = trace.child().description
    }
    if envelope.configRev.isEmpty { envelope.configRev = configRev }
    return envelope
  }
}
