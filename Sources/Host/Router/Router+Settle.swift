internal import CChannel
internal import CEnvelope
internal import Channel
internal import Envelope
internal import PluginABI

extension Router {
  /// How long an envelope that was given back untried waits, ns: whatever it waits for is likely down for longer than a
  /// round trip.
  static var releaseDelay: Int64 { 200 * nanosecondsPerMillisecond }
  /// How long an envelope waits after its first failure, ns; twice as long after each more, up to the limit.
  static var retryDelay: Int64 { 100 * nanosecondsPerMillisecond }
  static var retryDelayLimit: Int64 { 30 * nanosecondsPerSecond }

  // MARK: - What an instance says of a delivery

  private static let waysToSettle = PROMETHEAN_SETTLE_ACK...PROMETHEAN_SETTLE_REJECT

  func settle(_ frame: Frame, from instance: Instance) throws {
    let way = Int32(frame.argument)
    // Ahead of taking it: what is open when an instance ends is given back, and whoever asked is told.
    guard Self.waysToSettle.contains(way) else {
      throw Violation(description: "it settled a delivery in the unknown way \(way)")
    }
    guard let delivery = take(frame.token, from: instance, "settled") else { return }
    let reason = Self.bounded(redactor.redact(unsafe String(decoding: frame.body, as: UTF8.self)))
    switch way {
    case PROMETHEAN_SETTLE_RETRY where instance.probation == .open,
      PROMETHEAN_SETTLE_REJECT where instance.probation == .open:
      fallBack(delivery, of: instance, reason)
    case PROMETHEAN_SETTLE_RETRY: retry(delivery, of: instance, reason)
    case PROMETHEAN_SETTLE_RELEASE: release(delivery)
    case PROMETHEAN_SETTLE_REJECT: reject(delivery, of: instance, reason)
    default:
      instance.hasHandledOne()
      acknowledge(delivery, by: instance)
    }
    instance.handled(since: delivery.since)
  }

  func respond(_ frame: Frame, from instance: Instance) throws {
    // Ahead of taking it, as when it settles.
    do throws(EnvelopeStamp.Malformed) {
      try unsafe stamp.parse(frame.body)
    } catch {
      throw Violation(description: "it answered with a malformed envelope: \(error.description)")
    }
    guard let delivery = take(frame.token, from: instance, "answered") else { return }
    if Int32(frame.argument) == PROMETHEAN_OK { instance.hasHandledOne() }
    instance.handled(since: delivery.since)
    if let request = delivery.request.flatMap({ pending.remove($0) }) {
      answer(request, from: instance, status: Int32(frame.argument))
    }
    if let sequence = delivery.sequence { count(sequence, by: instance) }
  }

  /// Finds a delivery that an instance speaks of.
  ///
  /// A token that is not open is its mistake, and harms nobody else.
  private func take(_ token: UInt64, from instance: Instance, _ what: String) -> DeliveryTable.Delivery? {
    guard let delivery = instance.deliveries.remove(token) else {
      instance.metrics.error("unknown_delivery", stage: .processing)
      log.warn("it \(what) a delivery that is not open", plugin: instance.plugin.id, instance: instance.name)
      return nil
    }
    consumers[delivery.consumer].needsDispatch = true
    return delivery
  }

  // MARK: - The four ways

  /// Has the generation before handle what one that is on probation cannot; this counts no attempt.
  private func fallBack(_ delivery: DeliveryTable.Delivery, of instance: Instance, _ reason: String) {
    if let sequence = delivery.sequence {
      _ = consumers[delivery.consumer].queue.takeBack(sequence, counting: false, until: HostClock.monotonic)
    }
    giveBackTrial(of: instance)
    onUnfit(instance, "it could not handle the first that it was given: \(reason)")
  }

  /// Has a request that an instance on probation was given wait for another.
  private func giveBackTrial(of instance: Instance) {
    guard let trial = instance.trial else { return }
    instance.trial = nil
    if pending.contains(trial.id) { consumers[instance.consumer].waiting.insert(trial, at: 0) }
  }

  private func acknowledge(_ delivery: DeliveryTable.Delivery, by instance: Instance) {
    if let request = delivery.request.flatMap({ pending.remove($0) }) {
      fail(request, PROMETHEAN_FAILED, "it was handled without an answer")
    }
    if let sequence = delivery.sequence { count(sequence, by: instance) }
  }

  private func retry(_ delivery: DeliveryTable.Delivery, of instance: Instance, _ reason: String) {
    instance.metrics.error("failed", stage: .processing)
    guard let sequence = delivery.sequence else {
      if let request = delivery.request.flatMap({ pending.remove($0) }) { fail(request, PROMETHEAN_FAILED, reason) }
      return
    }
    let consumer = consumers[delivery.consumer]
    let now = HostClock.monotonic
    guard let entry = consumer.queue.takeBack(sequence, counting: true, until: now) else { return }
    let limit = instance.plugin.limits.maxAttempts
    tryLaterOrBury(entry, of: consumer, reason: reason, limit: limit)
    // It is not tried again, so whoever asked need not wait.
    if entry.failures >= limit, let request = delivery.request.flatMap({ pending.remove($0) }) {
      fail(request, PROMETHEAN_FAILED, reason)
    }
  }

  private func release(_ delivery: DeliveryTable.Delivery) {
    let consumer = consumers[delivery.consumer]
    if let sequence = delivery.sequence {
      _ = consumer.queue.takeBack(sequence, counting: false, until: HostClock.monotonic + Self.releaseDelay)
    } else if let request = delivery.request.flatMap({ pending.remove($0) }) {
      fail(request, PROMETHEAN_UNAVAILABLE, "\(consumer.plugin) gave it back: it is stopping")
    }
  }

  private func reject(_ delivery: DeliveryTable.Delivery, of instance: Instance, _ reason: String) {
    instance.metrics.error("rejected", stage: .processing)
    if let request = delivery.request.flatMap({ pending.remove($0) }) { fail(request, PROMETHEAN_FAILED, reason) }
    guard let sequence = delivery.sequence else { return }
    let consumer = consumers[delivery.consumer]
    let attempts = consumer.queue.takeBack(sequence, counting: true, until: 0)?.failures ?? 1
    bury(sequence, of: consumer, attempts: attempts, reason: reason)
  }

  /// Takes note that an instance has handled an envelope.
  private func count(_ sequence: Int64, by instance: Instance) {
    let consumer = consumers[instance.consumer]
    switch instance.accounting {
    case .atOnce: conclude(sequence, of: consumer)
    case .withheld: consumer.queue.withhold(sequence)
    // It is taken back with whatever else the instance holds, once that has ended.
    case .void: break
    }
  }

  /// Has what an instance handled count from here on, its generation being there to stay.
  func countWithheld(by instance: Instance) {
    instance.accounting = .atOnce
    let consumer = consumers[instance.consumer]
    for sequence in consumer.queue.withheld(by: instance.number) { conclude(sequence, of: consumer) }
    // Together with the state that it wrote meanwhile, or neither.
    recordProgress(of: consumer)
  }

  /// Has what an instance handled be handled again: its effects were in a state that nobody has any more.
  func takeBackWithheld(by instance: Instance) {
    guard instance.accounting == .withheld else { return }
    instance.accounting = .void
    consumers[instance.consumer].queue.takeBackWithheld(by: instance.number)
    consumers[instance.consumer].needsDispatch = true
  }

  /// Takes note that a consumer is done with an envelope.
  func conclude(_ sequence: Int64, of consumer: Consumer) {
    guard consumer.queue.settle(sequence) else { return }
    consumer.needsProgress = true
    consumer.needsDispatch = true
  }

  /// Has an envelope tried again later, or put to the dead letters if it was tried often enough.
  private func tryLaterOrBury(_ entry: DurableQueue.Entry, of consumer: Consumer, reason: String, limit: Int) {
    guard entry.failures < limit else {
      return bury(entry.sequence, of: consumer, attempts: entry.failures, reason: reason)
    }
    let doublings = min(entry.failures - 1, 20)
    let delay = min(Self.retryDelay << Int64(doublings), Self.retryDelayLimit)
    consumer.queue.delay(entry.sequence, until: HostClock.monotonic + delay)
    journal.note(
      DeliveryFailure(consumer: consumer.record, sequence: entry.sequence, attempts: entry.failures, reason: reason)
    )
  }

  private func bury(_ sequence: Int64, of consumer: Consumer, attempts: UInt32, reason: String) {
    journal.bury(DeliveryFailure(consumer: consumer.record, sequence: sequence, attempts: attempts, reason: reason))
    conclude(sequence, of: consumer)
    metrics.journal.deadLettered.add()
    log.error(
      "dead letter after \(attempts) attempts: \(reason)",
      ["sequence": .int(sequence), "outcome": "dead_letter"],
      plugin: consumer.plugin
    )
  }

  // MARK: - The end of an instance

  /// Takes back all that an instance held when its process ended.
  ///
  /// - Parameters:
  ///   - instance: Which.
  ///   - isSuspect: Whether it may have ended because of what it held.
  ///   - reason: Why it ended.
  func instanceEnded(_ instance: Instance, isSuspect: Bool, reason: String) {
    giveBackTrial(of: instance)
    let waiting = Set(consumers[instance.consumer].waiting.map(\.id))
    for delivery in instance.deliveries.removeAll() where delivery.sequence == nil {
      if let request = delivery.request, waiting.contains(request) { continue }
      guard let request = delivery.request.flatMap({ pending.remove($0) }) else { continue }
      // Not UNAVAILABLE: were it this very request that ends it, it would be tried for ever.
      fail(request, PROMETHEAN_FAILED, "\(instance.name) ended while it handled the request: \(reason)")
    }
    let consumer = consumers[instance.consumer]
    let taken = consumer.queue.memberEnded(instance.number, isSuspect: isSuspect, until: HostClock.monotonic)
    for entry in taken where isSuspect {
      tryLaterOrBury(
        entry,
        of: consumer,
        reason: "\(instance.name) ended while it held this: \(reason)",
        limit: instance.plugin.limits.maxAttempts
      )
    }
    consumer.needsDispatch = true
    pending.forget(instance)
    instance.outbox.removeAll()
    instance.hasMore = false
    instance.credit = Credit()
    instance.openDials = 0
  }
}
