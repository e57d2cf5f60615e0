internal import CChannel
internal import CEnvelope
internal import Channel
package import Envelope
internal import PluginABI

extension Router {
  // MARK: - Instances

  func publish(_ frame: Frame, from instance: Instance) {
    unsafe instance.countSent(bytes: frame.body.count)
    do throws(Refusal) {
      let route = try unsafe admit(frame.body, from: instance, as: .event)
      if route.isDurable {
        record(on: route, by: .instance(Caller(instance, token: frame.token)))
      } else {
        deliverToAll(on: route)
        if frame.token != 0 { result(to: instance, token: frame.token, status: PROMETHEAN_OK) }
      }
    } catch {
      refuse(instance, token: frame.token, error)
    }
  }

  func request(_ frame: Frame, from instance: Instance) {
    unsafe instance.countSent(bytes: frame.body.count)
    do throws(Refusal) {
      guard instance.credit.hasRoomForRequest else {
        throw Refusal(status: PROMETHEAN_UNAVAILABLE, message: "\(Credit.requestsLimit) requests are open already")
      }
      let route = try unsafe admit(frame.body, from: instance, as: .request)
      instance.credit.beginRequest()
      begin(on: route, for: .instance(Caller(instance, token: frame.token)))
    } catch {
      refuse(instance, token: frame.token, error)
    }
  }

  // MARK: - Clients

  /// Publishes or requests on behalf of a client on the admin socket, who is the operator and needs no grant.
  ///
  /// - Parameters:
  ///   - envelope: What to send; the host stamps it like any other.
  ///   - client: Who sends it, for `src`.
  ///   - requester: Who waits for a response; nil publishes.
  ///   - recorded: Hears how publishing ended.
  package func send(
    _ envelope: Envelope,
    from client: String,
    requester: (@Sendable (Result<Envelope, RequestFailure>) -> Void)?,
    recorded: @escaping @Sendable (Result<Int64?, RequestFailure>) -> Void = { _ in }
  ) {
    let bytes: [UInt8]
    do throws(EnvelopeError) { bytes = try envelope.binary() } catch {
      return refuse(Refusal(status: PROMETHEAN_INVALID, message: "\(error)"), requester, recorded)
    }
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(Refusal) {
        try unsafe send(bytes, from: client, requester: requester, recorded: recorded)
      } catch {
        refuse(error, requester, recorded)
      }
    }
  }

  private func send(
    _ bytes: UnsafeRawBufferPointer,
    from client: String,
    requester: (@Sendable (Result<Envelope, RequestFailure>) -> Void)?,
    recorded: @escaping @Sendable (Result<Int64?, RequestFailure>) -> Void
  ) throws(Refusal) {
    let source = FixedBytes(client)
    do throws(EnvelopeStamp.Malformed) { try unsafe stamp.parse(bytes) } catch {
      throw Refusal(status: PROMETHEAN_INVALID, message: error.description)
    }
    let route = try unsafe route(of: stamp[ENVELOPE_TOPIC])
    unsafe stamp[ENVELOPE_SRC] = source.bytes
    unsafe stamp[ENVELOPE_REPLY] = UnsafeRawBufferPointer(start: nil, count: 0)
    try stampOrigin(on: route, from: -1)
    if let requester {
      begin(on: route, for: .client(requester))
    } else if route.isDurable {
      record(on: route, by: .client(recorded))
    } else {
      deliverToAll(on: route)
      recorded(.success(nil))
    }
  }

  private func refuse(
    _ refusal: Refusal,
    _ requester: (@Sendable (Result<Envelope, RequestFailure>) -> Void)?,
    _ recorded: @Sendable (Result<Int64?, RequestFailure>) -> Void
  ) {
    let failure = RequestFailure(status: refusal.status, message: refusal.message)
    if let requester { requester(.failure(failure)) } else { recorded(.failure(failure)) }
  }

  // MARK: - What `stamp` holds

  /// Gives an id to an envelope that has none.
  private func giveID() {
    if unsafe stamp[ENVELOPE_ID].isEmpty { unsafe stamp[ENVELOPE_ID] = names.nextID() }
  }

  /// Has the envelope recorded; it is delivered when it is.
  func record(on route: Route, by publisher: AppendQueue.Publisher) {
    // Only an id that its sender chose can come again.
    let digest =
      unsafe stamp[ENVELOPE_ID].isEmpty
      ? nil
      : DedupeDigest(
        src: stamp[ENVELOPE_SRC],
        provider: stamp[ENVELOPE_PROVIDER],
        tenant: stamp[ENVELOPE_TENANT],
        id: stamp[ENVELOPE_ID]
      )
    giveID()
    let bytes = unsafe [UInt8](stamp.compose())
    let append = AppendQueue.Append(bytes: bytes, publisher: publisher)
    append.debtor?.charge(bytes: bytes.count)
    append.debtor?.instance.countRecorded()
    appends.add(append)
    journal.append(bytes, digest: digest)
  }

  /// Gives the envelope to every consumer now.
  private func deliverToAll(on route: Route) {
    giveID()
    let key = unsafe keyHash(stamp[ENVELOPE_KEY])
    let (trace, hop) = (stamp.trace, stamp.head.hops)
    let bytes = unsafe stamp.compose()
    for number in route.consumers {
      let consumer = consumers[number]
      guard let member = consumer.member(for: key) else {
        for member in consumer.members { member.metrics.discarded(.unconsumed).add() }
        continue
      }
      hops.delivered(trace: trace, to: member.number, hops: hop)
      unsafe send(member, op: WIRE_DELIVER, token: 0, bytes, isDroppable: true)
      member.countReceived(bytes: bytes.count)
    }
    if route.isTapped { unsafe tap(bytes, topic: route.topic.description) }
  }

  /// Begins a request.
  private func begin(on route: Route, for requester: PendingRequests.Requester) {
    let topic = route.topic.description
    let latest = stamp.head.ts + patience(of: requester)
    let wished = stamp.head.deadline > 0 ? stamp.head.deadline : stamp.head.ts + Self.defaultPatience
    let deadline = min(wished, latest)
    stamp.head.deadline = deadline
    stamp.head.flags = UInt8(PROMETHEAN_FLAG_REQUEST)
    let number = responder(on: route)
    let request = PendingRequests.Request(
      requester: requester,
      topic: topic,
      intent: stamp.text(ENVELOPE_INTENT),
      trace: stamp.text(ENVELOPE_TRACE),
      deadline: deadline,
      responder: number ?? 0
    )
    guard let number else {
      return fail(request, PROMETHEAN_UNAVAILABLE, "no plugin that runs here subscribes to \(topic)")
    }
    guard route.isDurable || consumers[number].isComing else {
      return fail(request, PROMETHEAN_UNAVAILABLE, "\(consumers[number].plugin) is quarantined or stopped")
    }
    let id = pending.add(request)
    let correlation = FixedBytes(pending.correlation(of: id))
    unsafe stamp[ENVELOPE_CORR] = correlation.bytes
    if route.isDurable {
      record(on: route, by: .request(id, by: requester.caller))
    } else {
      giveID()
      let key = unsafe keyHash(stamp[ENVELOPE_KEY])
      let bytes = unsafe stamp.compose()
      if route.isTapped { unsafe tap(bytes, topic: topic) }
      give(Consumer.WaitingRequest(id: id, key: key, bytes: unsafe [UInt8](bytes)), to: consumers[number])
    }
  }

  /// The consumer that answers requests on a route: who has the tenant's credential before who performs effects for
  /// others, and that before one that merely listens.
  private func responder(on route: Route) -> Int? {
    func first(_ kind: PluginKind) -> Int? {
      route.consumers.first { consumers[$0].members.contains { $0.plugin.manifest.kind == kind } }
    }
    return first(.access) ?? first(.service) ?? route.consumers.first
  }

  /// How long a requester can wait for an answer, ns.
  ///
  /// An instance that is itself to settle a delivery by a deadline must hear in time to do so.
  private func patience(of requester: PendingRequests.Requester) -> Int64 {
    guard let caller = requester.caller else { return Self.clientPatience }
    return caller.instance.plugin.limits.deadline.nanoseconds / 2
  }

  /// How long a requester waits that does not say so, ns: a person would have given up.
  private static var defaultPatience: Int64 { 30 * nanosecondsPerSecond }

  /// How long a client may have a request wait, ns: beyond it, something else is wrong.
  private static var clientPatience: Int64 { 600 * nanosecondsPerSecond }

  /// Hash of a key; 0 for none.
  func keyHash(_ key: UnsafeRawBufferPointer) -> UInt64 {
    guard unsafe !key.isEmpty else { return 0 }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<key.count { hash = (hash ^ UInt64(unsafe key[index])) &* 0x100_0000_01b3 }
    return max(1, hash)
  }
}
