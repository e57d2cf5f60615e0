internal import Locking
internal import Envelope
internal import PluginABI
internal import PluginKit
internal import Synchronization

/// The C functions of a fake host, and the extension tables that hold them.
enum HostTable {
  static let log = unsafe promethean_log_v1(
    struct_size: size(of: promethean_log_v1.self),
    write: { context, severity, message, fields in
      let line = unsafe HostRecord.LogLine(severity: severity, message: String(message), fields: String(fields))
      unsafe host(context).heard { $0.logged.append(line) }
    }
  )

  static let clock = unsafe promethean_clock_v1(
    struct_size: size(of: promethean_clock_v1.self),
    realtime: { context in unsafe host(context).state.withLock { FakeHost.epoch + $0.elapsed } },
    monotonic: { context in unsafe host(context).state.withLock { $0.elapsed } },
    after: { context, nanoseconds, token in
      unsafe host(context).state.withLock { $0.timers.append(($0.elapsed + nanoseconds, token)) }
      return PROMETHEAN_PENDING
    }
  )

  static let metrics = unsafe promethean_metrics_v1(
    struct_size: size(of: promethean_metrics_v1.self),
    record: { context, kind, name, value in
      let measurement = unsafe HostRecord.Measurement(kind: kind, name: String(name), value: value)
      unsafe host(context).heard { $0.measured.append(measurement) }
    }
  )

  static let labelledMetrics = unsafe promethean_metrics_v2(
    struct_size: size(of: promethean_metrics_v2.self),
    record: { context, kind, name, labels, value in
      let measurement = unsafe HostRecord.Measurement(
        kind: kind,
        name: String(name),
        labels: String(labels),
        value: value
      )
      unsafe host(context).heard { $0.measured.append(measurement) }
    }
  )

  static let publish = unsafe promethean_publish_v1(
    struct_size: size(of: promethean_publish_v1.self),
    publish: { context, view, token in
      let host = unsafe host(context)
      guard let envelope = unsafe host.taken(Envelope(view)) else { return PROMETHEAN_INVALID }
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      let status = host.publishAnswer(envelope)
      host.end(HostRecord.Request(token: token, envelope: envelope), status)
      return PROMETHEAN_PENDING
    }
  )

  static let request = unsafe promethean_request_v1(
    struct_size: size(of: promethean_request_v1.self),
    request: { context, view, token in
      let host = unsafe host(context)
      guard var envelope = unsafe host.taken(Envelope(view)) else { return PROMETHEAN_INVALID }
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      envelope.flags = .request
      host.heard { [envelope] in $0.requested.append(.init(token: token, envelope: envelope)) }
      host.add(host.completion(of: token, host.answer(envelope)))
      return PROMETHEAN_PENDING
    }
  )

  static let subscribe = unsafe promethean_subscribe_v1(
    struct_size: size(of: promethean_subscribe_v1.self),
    subscribe: { context, pattern, token in
      let host = unsafe host(context)
      let text = unsafe String(pattern)
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      host.heard { $0.subscribed.append(text) }
      host.add(FakeHost.Completion(token: token))
      return PROMETHEAN_PENDING
    },
    settle: { context, delivery, how, reason in
      let host = unsafe host(context)
      let outcome: HostRecord.Outcome =
        switch how {
        case PROMETHEAN_SETTLE_ACK: .ack
        case PROMETHEAN_SETTLE_RETRY: unsafe .retry(String(reason))
        case PROMETHEAN_SETTLE_RELEASE: .release
        default: unsafe .reject(String(reason))
        }
      if delivery == 0 { return PROMETHEAN_OK }
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      host.heard { $0.settled.append(.init(delivery: delivery, outcome: outcome)) }
      return PROMETHEAN_OK
    },
    respond: { context, delivery, view in
      let host = unsafe host(context)
      let envelope = unsafe Envelope(view)
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      guard envelope.payload.count <= PROMETHEAN_PAYLOAD_MAX else { return PROMETHEAN_INVALID }
      host.heard { $0.settled.append(.init(delivery: delivery, outcome: .response(envelope))) }
      return PROMETHEAN_OK
    }
  )

  static let state = unsafe promethean_state_v1(
    struct_size: size(of: promethean_state_v1.self),
    get: { context, provider, tenant, key, token in
      let host = unsafe host(context)
      guard let document = unsafe host.record.documents[name(provider, tenant, key)] else {
        host.add(FakeHost.Completion(token: token, status: PROMETHEAN_NOT_FOUND, message: "no such document"))
        return PROMETHEAN_PENDING
      }
      var result = Envelope(payload: document.bytes)
      result.configRev = "\(document.version)"
      host.add(FakeHost.Completion(token: token, result: result))
      return PROMETHEAN_PENDING
    },
    put: { context, provider, tenant, key, expected, document, token in
      let host = unsafe host(context)
      let name = unsafe name(provider, tenant, key)
      let bytes = unsafe [UInt8](document)
      let version = host.record.documents[name]?.version ?? 0
      guard expected == .max || expected == version else {
        let message = "expected version \(expected), found \(version)"
        host.add(FakeHost.Completion(token: token, status: PROMETHEAN_CONFLICT, message: message))
        return PROMETHEAN_PENDING
      }
      host.heard { $0.documents[name] = (version + 1, bytes) }
      host.add(FakeHost.Completion(token: token))
      return PROMETHEAN_PENDING
    },
    remove: { context, provider, tenant, key, token in
      let host = unsafe host(context)
      let name = unsafe name(provider, tenant, key)
      host.heard { $0.documents[name] = nil }
      host.add(FakeHost.Completion(token: token))
      return PROMETHEAN_PENDING
    }
  )

  static let dial = unsafe promethean_dial_v1(
    struct_size: size(of: promethean_dial_v1.self),
    dial: { context, network, name, port, token in
      let host = unsafe host(context)
      let name = unsafe String(name)
      guard host.takeRoom() else { return PROMETHEAN_AGAIN }
      host.heard { $0.dialled.append("\(name):\(port)") }
      var completion = FakeHost.Completion(token: token)
      switch host.dialAnswer(name, port) {
      case .failure(let status, let message): (completion.status, completion.message) = (status, message)
      case .loopback(let port):
        completion.descriptor = LoopbackListener.connect(to: port)
        completion.message = "127.0.0.1:\(port)"
        if completion.descriptor == nil { completion.status = PROMETHEAN_FAILED }
      }
      host.add(completion)
      return PROMETHEAN_PENDING
    },
    take: { context, token in unsafe host(context).takeConnection(token) ?? -1 }
  )

  static let secrets = unsafe promethean_secrets_v1(
    struct_size: size(of: promethean_secrets_v1.self),
    find: { context, name, value in
      let host = unsafe host(context)
      let name = unsafe String(name)
      guard let credential = host.state.withLock({ $0.credentials?[name] }) else { return PROMETHEAN_NOT_FOUND }
      unsafe value.pointee = HostMemory.lasting(credential)
      return PROMETHEAN_OK
    }
  )

  // MARK: - Of the table itself

  static func find(_ context: UnsafeMutableRawPointer, _ id: promethean_bytes) -> UnsafeRawPointer? {
    let host = unsafe host(context)
    let id = unsafe String(id)
    guard id != PROMETHEAN_SECRETS_V1 || host.state.withLock({ $0.credentials != nil }) else { return nil }
    return unsafe host.memory.find(id)
  }

  static func setError(_ context: UnsafeMutableRawPointer, _ message: promethean_bytes) {
    let text = unsafe String(message)
    unsafe host(context).heard { $0.error = text }
  }

  static func complete(
    _ context: UnsafeMutableRawPointer,
    _ operation: UInt64,
    _ status: promethean_status,
    _ message: promethean_bytes
  ) {
    let text = unsafe String(message)
    unsafe host(context).heard { record in
      record.error = text
      record.operations[operation] = status
    }
  }

  static func wake(_ context: UnsafeMutableRawPointer) {
    let host = unsafe host(context)
    host.heard { $0.wakes += 1 }
    host.schedulePoll()
  }

  private static func host(_ context: UnsafeMutableRawPointer) -> FakeHost {
    unsafe Unmanaged<FakeHost>.fromOpaque(context).takeUnretainedValue()
  }

  private static func name(_ provider: promethean_bytes, _ tenant: promethean_bytes, _ key: promethean_bytes) -> String
  {
    unsafe "\(String(provider))/\(String(tenant))/\(String(key))"
  }

  private static func size<Table>(of table: Table.Type) -> UInt32 { UInt32(MemoryLayout<Table>.size) }
}

extension FakeHost {
  /// An envelope of the plugin's with what the host stamps, or nil if it is too large or claims to be stamped already.
  func taken(_ envelope: Envelope) -> Envelope? {
    // A handle is shown where something is to be said, and claimed anywhere else.
    let isPost = (try? Topic(envelope.topic))?.area == "social"
    let claims = envelope.src + envelope.provider + envelope.tenant + (isPost ? "" : envelope.reply)
    guard claims.isEmpty, envelope.ts == 0, envelope.hops == 0, envelope.attempt == 0, envelope.flags.isEmpty,
      envelope.payload.count <= PROMETHEAN_PAYLOAD_MAX
    else { return nil }
    var envelope = envelope
    envelope.src = pluginID
    envelope.ts = Self.epoch + state.withLock { $0.elapsed }
    if let topic = try? Topic(envelope.topic) { (envelope.provider, envelope.tenant) = (topic.provider, topic.tenant) }
    return envelope
  }

  /// The connection that the completion of a token brings, once.
  func takeConnection(_ token: UInt64) -> Int32? {
    state.withLock { state in
      guard let connection = state.connection, connection.token == token else { return nil }
      state.connection = nil
      return connection.descriptor
    }
  }

  /// Takes one place for a call; false if there is none.
  func takeRoom() -> Bool {
    state.withLock { state in
      guard let room = state.room else { return true }
      guard room > 0 else { return false }
      state.room = room - 1
      return true
    }
  }
}
