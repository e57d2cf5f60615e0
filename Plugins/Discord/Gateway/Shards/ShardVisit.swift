internal import PluginKit
internal import ProviderKit

/// One connection of a shard's, from its opening to its end.
@PluginActor
final class ShardVisit {
  /// What a shard says after the gateway's hello.
  enum Opening {
    /// It is to begin a session, and has its turn for that.
    case identify(IdentifyTurn)
    /// It goes on with its session.
    case resume
  }

  /// How long it may take to connect, and then until the gateway says hello.
  private static let patience = Duration.seconds(15)
  /// How many heartbeats in a row the gateway may leave an opening unanswered and send no event either.
  private static let silentBeatsMax = 3

  let shard: Shard
  private let opening: Opening
  private var connection: (any GatewayConnection)?
  var limiter: SendLimiter?
  private var heartbeat: Heartbeat?
  private var beating: Task<Void, Never>?
  /// What this side found, because of which it closed the connection.
  private var verdict: String?

  private var reader = JSONReader(noting: EventRedaction.keys)
  /// The number of the last event; of none if it is 0.
  var sequence: Int64 = 0
  private var hasOpened = false
  /// Whether `READY` or `RESUMED` has come.
  var isOpen = false
  var replayed = 0
  var silentBeats = 0
  let counts: EventCounts

  init(_ shard: Shard, _ opening: Opening) {
    self.shard = shard
    self.opening = opening
    counts = EventCounts(shard.parts.context.metrics)
  }

  var parts: ShardParts { shard.parts }

  /// Whether there is a connection, so that closing it ends the visit.
  var isConnected: Bool { connection != nil }

  /// Connects, and takes in what comes until the connection ends.
  func run(_ url: String) async -> Shard.Ending {
    guard !Task.isCancelled else { return .end(.ended) }
    parts.context.metrics.add("gateway_connects_total")
    do throws(GatewayEnd) {
      let compression = parts.settings.compression
      let connection = try await parts.link.connect(to: url, compression: compression, timeout: Self.patience)
      guard !Task.isCancelled else {
        connection.close(code: CloseCode.own)
        return .end(.ended)
      }
      return await use(connection)
    } catch {
      return .end(error)
    }
  }

  /// Ends the connection, and not the session.
  func close() {
    connection?.close(code: CloseCode.own)
  }

  /// Shows the bot in another way.
  func show(_ presence: Presence) throws(ProviderError) {
    guard isOpen, let limiter else { return }
    try limiter.send(.presence, GatewayPayload.presence(presence))
  }

  private func use(_ connection: any GatewayConnection) async -> Shard.Ending {
    self.connection = connection
    limiter = SendLimiter(connection, clock: parts.context.clock)
    beating = PluginActor.task { [self] in
      guard (try? await parts.context.clock.sleep(for: Self.patience)) != nil else { return }
      end("the gateway did not say hello within \(Self.patience)")
    }
    defer {
      beating?.cancel()
      limiter?.close()
      counts.flush()
    }
    do throws(GatewayEnd) {
      while true {
        for bytes in try await connection.messages() {
          // What is left of it is sent again when the session goes on.
          guard !Task.isCancelled else { return .end(.ended) }
          var ending: Shard.Ending?
          switch GatewayMessage(bytes, &reader) {
          case nil: ending = .unreadable("expected a gateway message, found \(bytes.count) bytes that are none")
          case let message? where message.opcode == GatewayMessage.Opcode.dispatch.rawValue:
            switch hear(event: message, bytes) {
            case .event(let dispatch):
              if !parts.sink.takeAtOnce(dispatch) { await parts.sink.take(dispatch) }
              if dispatch.name == "READY" { shard.observer?.hasBegun(shard.number) }
            case .ending(let found): ending = found
            case .copy: break
            }
          case let message?: ending = await hear(message, bytes)
          }
          guard let ending else { continue }
          close()
          return ending
        }
        counts.flush()
      }
    } catch {
      return verdict.map { .dead($0) } ?? .end(error)
    }
  }

  /// Closes the connection, for what this side has found.
  private func end(_ verdict: String) {
    self.verdict = verdict
    close()
  }

  // MARK: - Messages

  /// Obeys a message that is no event; returns how the visit ends if it does.
  private func hear(_ message: GatewayMessage, _ bytes: [UInt8]) async -> Shard.Ending? {
    switch GatewayMessage.Opcode(rawValue: message.opcode) {
    case .heartbeat: return beat(isAsked: true).map { .dead($0) }
    case .reconnect: return .reconnect
    case .invalidSession: return .invalidSession(mayResume: message.json(of: bytes)?.boolValue ?? false)
    case .hello: return await hear(hello: message, bytes)
    case .acknowledgement:
      guard let latency = heartbeat?.acknowledged() else { return nil }
      shard.latency = latency
      parts.context.metrics.observe("gateway_heartbeat_seconds", latency / .seconds(1))
    case nil, .dispatch, .identify, .presence, .resume: parts.context.metrics.add("gateway_unknown_opcodes_total")
    }
    return nil
  }

  private func hear(hello message: GatewayMessage, _ bytes: [UInt8]) async -> Shard.Ending? {
    let found = message.json(of: bytes)?["heartbeat_interval"]?.intValue
    guard let interval = found, Heartbeat.intervals.contains(interval), let connection else {
      return .unreadable("hello: expected a heartbeat interval, found \(found.map { "\($0) ms" } ?? "none")")
    }
    guard !hasOpened else { return nil }
    hasOpened = true
    beating?.cancel()
    let heartbeat = Heartbeat(every: .milliseconds(interval), over: connection, clock: parts.context.clock)
    self.heartbeat = heartbeat
    beating = PluginActor.task { [self] in
      guard let verdict = await heartbeat.run(jitter: parts.random(), { beat(isAsked: false) }) else { return }
      end(verdict)
    }
    return await open()
  }

  /// Begins a session or goes on with one.
  private func open() async -> Shard.Ending? {
    let token: String
    do throws(HostError) {
      token = try parts.token()
    } catch {
      return .refused(.fatal(.token(of: parts.account, "there is no token: \(error)")))
    }
    switch opening {
    case .resume:
      guard let session = shard.session else { return .end(.ended) }
      sequence = session.sequence
      parts.context.metrics.add("gateway_resumes_total")
      _ = limiter?.sendNow(GatewayPayload.resume(token: token, session: session.id, sequence: sequence))
    case .identify(let turn):
      let number = shard.number
      let payload = GatewayPayload.identify(
        token: token,
        shard: number,
        of: shard.count,
        intents: parts.settings.intents,
        presence: shard.presence
      )
      shard.isBegunWithPresence = true
      guard payload.count <= GatewayPayload.bytesMax else {
        return .dead("the identification is too long: shorten config.presence")
      }
      await shard.observer?.willIdentify(number)
      do throws(IdentifyGuard.Refusal) {
        try await parts.identifyGuard.record(number)
      } catch {
        return .refused(error)
      }
      parts.context.metrics.add("gateway_identifies_total")
      _ = limiter?.sendNow(payload)
      turn.end(hasIdentified: true)
    }
    return nil
  }

  /// Sends a heartbeat; returns why the connection is of no use if it is not.
  private func beat(isAsked: Bool) -> String? {
    let isSent = limiter?.sendNow(GatewayPayload.heartbeat(sequence: sequence)) ?? false
    if isAsked {
      if isSent { heartbeat?.sent() }
      return nil
    }
    if !isOpen { silentBeats += 1 }
    guard silentBeats > Self.silentBeatsMax, connection?.isPaused == false else { return nil }
    return "the gateway has not answered the opening for \(Self.silentBeatsMax) heartbeats"
  }
}
