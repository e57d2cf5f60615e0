internal import CEnvelope
internal import Channel
internal import Envelope
internal import PluginABI

/// Who may say something where: exactly where they were spoken to, and wherever else they were granted.
extension Router {
  // MARK: - Handing out

  /// The handle by which an instance may answer what it is about to be given; nil if that is not for it to answer.
  func replyHandle(for envelope: RecordedEnvelope, to instance: Instance) -> String? {
    guard instance.mayReply, envelope.head.flags == 0, Int32(envelope.head.origin) != PROMETHEAN_ORIGIN_BACKFILL else {
      return nil
    }
    let topic = try? Topic(envelope.text(ENVELOPE_TOPIC))
    guard let topic, topic.area == "events", let space = try? URN(envelope.text(ENVELOPE_KEY)),
      space.provider == topic.provider, space.tenant == topic.tenant
    else { return nil }
    let place = ReplyPlace(
      plugin: instance.plugin.id,
      provider: topic.provider,
      tenant: topic.tenant,
      space: space.description,
      message: envelope.text(ENVELOPE_ID)
    )
    let handle = handles.mint(place, expiry: HostClock.realtime + ReplyHandles.lifetime)
    return handle.utf8.count <= ENVELOPE_FIELD_MAX ? handle : nil
  }

  // MARK: - Taking back

  /// Checks that an instance may say something on a route, and stamps the space that it is to be said in as `resource`.
  ///
  /// The access plugin says it there and nowhere else, whatever the payload is.
  func stampSpace(of instance: Instance, on route: Route) throws(Refusal) {
    // It holds the tenant's credentials anyway.
    if instance.plugin.manifest.kind == .access { return }
    let wished = stamp.text(ENVELOPE_RESOURCE)
    let handle = stamp.text(ENVELOPE_REPLY)
    unsafe stamp[ENVELOPE_REPLY] = UnsafeRawBufferPointer(start: nil, count: 0)
    guard !handle.isEmpty else { return try checkGrant(of: instance, to: wished, on: route) }
    let place: ReplyPlace
    do throws(ReplyHandles.Invalid) {
      place = try handles.verify(
        handle,
        by: instance.plugin.id,
        provider: route.topic.provider,
        tenant: route.topic.tenant,
        now: HostClock.realtime
      )
    } catch {
      throw Refusal(status: PROMETHEAN_DENIED, message: "post on \(route.topic): reply: \(error)")
    }
    guard wished.isEmpty || wished == place.space else {
      throw Refusal(
        status: PROMETHEAN_DENIED,
        message: "post on \(route.topic): reply: it is for \(place.space), found \(wished)"
      )
    }
    space = FixedBytes(place.space)
    unsafe stamp[ENVELOPE_RESOURCE] = space.bytes
  }

  /// Looks for a grant of the space, where there is no handle.
  private func checkGrant(of instance: Instance, to space: String, on route: Route) throws(Refusal) {
    guard let urn = try? URN(space) else {
      throw Refusal(
        status: PROMETHEAN_INVALID,
        message: "post on \(route.topic): resource: expected a space's URN, or a reply handle, found \"\(space)\""
      )
    }
    let decision = instance.policy.decide(.socialPost, resource: space)
    guard decision.allowed, urn.provider == route.topic.provider, urn.tenant == route.topic.tenant else {
      let reason =
        decision.allowed ? "it is no space of \(route.topic.provider)/\(route.topic.tenant)" : decision.explanation
      throw Refusal(status: PROMETHEAN_DENIED, message: "post to \(space) on \(route.topic): \(reason)")
    }
  }
}
