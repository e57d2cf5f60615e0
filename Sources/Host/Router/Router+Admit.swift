internal import CEnvelope
internal import Envelope
internal import PluginABI

/// Why something that an instance asked for was not done.
struct Refusal: Error {
  /// One of PROMETHEAN_….
  let status: Int32
  /// Why, for people and for the plugin.
  let message: String
}

extension Router {
  /// What an envelope is sent as, which decides by which capability it is allowed.
  enum Sending {
    case event
    case request
  }

  /// Checks an envelope of an instance's and stamps it: after this, `stamp` holds it as it will be delivered.
  func admit(_ body: UnsafeRawBufferPointer, from instance: Instance, as sending: Sending) throws(Refusal) -> Route {
    do throws(EnvelopeStamp.Malformed) {
      try unsafe stamp.parse(body)
    } catch {
      throw Refusal(status: PROMETHEAN_INVALID, message: "malformed envelope: \(error.description)")
    }
    let route = unsafe try route(of: unsafe stamp[ENVELOPE_TOPIC])
    try checkClaims(of: instance, on: route)
    guard try isAllowed(instance, route, sending) else {
      throw denial(of: instance, route, sending)
    }
    if route.isSocial { try stampSpace(of: instance, on: route) }
    unsafe stamp[ENVELOPE_SRC] = instance.src.bytes
    try stampOrigin(on: route, from: instance.number)
    return route
  }

  /// Puts on the envelope what the host alone says, its sender excepted.
  func stampOrigin(on route: Route, from instance: Int) throws(Refusal) {
    unsafe stamp[ENVELOPE_PROVIDER] = route.provider.bytes
    unsafe stamp[ENVELOPE_TENANT] = route.tenant.bytes
    stamp.head.ts = HostClock.realtime
    stamp.head.attempt = 1
    stamp.head.flags = 0
    if unsafe stamp[ENVELOPE_TRACE].isEmpty {
      let (text, identity) = unsafe names.nextTrace()
      unsafe stamp[ENVELOPE_TRACE] = text
      stamp.trace = identity
      stamp.head.hops = 0
    } else {
      guard let trace = unsafe HopTable.identity(of: stamp[ENVELOPE_TRACE]) else {
        throw Refusal(
          status: PROMETHEAN_INVALID,
          message: "trace: expected a W3C traceparent, found \"\(stamp.text(ENVELOPE_TRACE))\""
        )
      }
      stamp.trace = trace
      stamp.head.hops = hops.next(trace: trace, from: instance)
      guard stamp.head.hops <= HopTable.limit else {
        throw Refusal(status: PROMETHEAN_DENIED, message: "a loop: this trace has passed \(stamp.head.hops) plugins")
      }
    }
  }

  /// An envelope of a plugin's may say what the host would stamp, and nothing else.
  private func checkClaims(of instance: Instance, on route: Route) throws(Refusal) {
    let claims: [(Int32, FixedBytes?, StaticString)]
    guard
      unsafe !stamp[ENVELOPE_SRC].isEmpty || !stamp[ENVELOPE_PROVIDER].isEmpty || !stamp[ENVELOPE_TENANT].isEmpty
        || !stamp[ENVELOPE_REPLY].isEmpty
    else { return }
    claims = [
      (ENVELOPE_SRC, instance.src, "src"), (ENVELOPE_PROVIDER, route.provider, "provider"),
      (ENVELOPE_TENANT, route.tenant, "tenant"), (ENVELOPE_REPLY, nil, "reply"),
    ]
    for (field, stamped, name) in claims {
      let claim = unsafe stamp[field]
      if unsafe claim.isEmpty || (stamped?.equals(claim) ?? false) { continue }
      // There it is shown, not claimed: see Router+Reply.swift.
      if field == ENVELOPE_REPLY, route.isSocial { return }
      throw Refusal(
        status: PROMETHEAN_DENIED,
        message: "\(name) is the host's to stamp: it claims \"\(stamp.text(field))\" on \(route.topic)"
      )
    }
    unsafe stamp[ENVELOPE_REPLY] = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// The route of a topic, looked up once and then remembered.
  func route(of bytes: UnsafeRawBufferPointer) throws(Refusal) -> Route {
    if let route = unsafe routes.find(bytes) { return route }
    let topic: Topic
    do throws(TopicError) {
      topic = try Topic(unsafe String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Refusal(status: PROMETHEAN_INVALID, message: "topic: \(error)")
    }
    let text = topic.description
    let subscribers = trie.subscribers(of: text)
    return routes.insert(
      topic,
      consumers: subscribers.filter { consumers[$0].subscribes(to: text) },
      former: subscribers.filter { !consumers[$0].subscribes(to: text) },
      isTapped: taps.contains { $0.pattern.matches(text) }
    )
  }

  // MARK: - Grants

  private func isAllowed(_ instance: Instance, _ route: Route, _ sending: Sending) throws(Refusal) -> Bool {
    if instance.decisionsEpoch != routes.epoch {
      instance.decisionsEpoch = routes.epoch
      instance.decisions.removeAll(keepingCapacity: true)
    }
    while instance.decisions.count <= route.index { instance.decisions.append(0) }
    // An effect's grant depends on the resource too, so it is asked each time.
    guard service(of: route, sending) == nil else {
      let decision = decide(instance, route, sending)
      try stampCap(of: decision)
      return decision.allowed
    }
    if instance.decisions[route.index] == 0 {
      instance.decisions[route.index] = decide(instance, route, sending).allowed ? 1 : 2
    }
    return instance.decisions[route.index] == 1
  }

  /// Tells who performs a fetch how large it may be.
  private func stampCap(of decision: Decision) throws(Refusal) {
    guard case .fetch(let granted) = decision.granted else { return }
    let capped = granted.capped(stamp.text(ENVELOPE_RESOURCE))
    guard stamp.replace(ENVELOPE_RESOURCE, capped) else {
      let message = "resource: expected at most \(ENVELOPE_FIELD_MAX) bytes with the cap, found \(capped.utf8.count)"
      throw Refusal(status: PROMETHEAN_INVALID, message: message)
    }
  }

  private func service(of route: Route, _ sending: Sending) -> ServiceRequest? {
    guard sending == .request else { return nil }
    return ServiceRequest(area: route.topic.area, name: route.topic.name)
  }

  private func decide(_ instance: Instance, _ route: Route, _ sending: Sending) -> Decision {
    guard let service = service(of: route, sending) else {
      return instance.policy.decide(.publish, resource: route.topic.description)
    }
    guard instance.serves(provider: route.topic.provider, tenant: route.topic.tenant) else {
      return instance.policy.decide(.publish, resource: route.topic.description)
    }
    return instance.policy.decide(service.capability, resource: stamp.text(ENVELOPE_RESOURCE), access: service.access)
  }

  private func denial(of instance: Instance, _ route: Route, _ sending: Sending) -> Refusal {
    let decision = decide(instance, route, sending)
    let verb = sending == .request ? "request" : "publish"
    return Refusal(
      status: PROMETHEAN_DENIED,
      message: "\(verb) \(route.topic): \(decision.reason) (\(decision.location))"
    )
  }

  /// Tells the instance that something was not done, and the log; a denial is a record of the audit.
  func refuse(_ instance: Instance, token: UInt64, _ refusal: Refusal) {
    let isDenial = refusal.status == PROMETHEAN_DENIED
    instance.metrics.error(isDenial ? "denied" : "invalid", stage: .sending)
    instance.metrics.discarded(isDenial ? .denied : .invalid).add()
    if case .admit(let suppressed) = instance.auditCap.decide(at: HostClock.monotonic) {
      tell(refusal, of: instance, isDenial: isDenial, suppressed: suppressed)
    }
    guard token != 0 else { return }
    result(to: instance, token: token, status: refusal.status, text: refusal.message)
  }

  private func tell(_ refusal: Refusal, of instance: Instance, isDenial: Bool, suppressed: Int) {
    let message = refusal.message + (suppressed > 0 ? " (and \(suppressed) more like it or others)" : "")
    if isDenial {
      log.audit("denied: \(message)", allowed: false, plugin: instance.plugin.id, instance: instance.name)
    } else {
      log.warn("refused: \(message)", plugin: instance.plugin.id, instance: instance.name)
    }
  }
}
