internal import CChannel
internal import Channel
package import Envelope
internal import PluginABI

/// Somebody who watches envelopes as they pass.
struct Tap {
  let id: UInt64
  let pattern: TopicPattern
  /// Hears of an envelope, in the binary layout; quick, on the loop's thread.
  let hear: ([UInt8]) -> Void
}

extension Router {
  // MARK: - Subscriptions

  /// Patterns of one consumer: far above any plugin's need, and what a plugin that invents them may cost.
  private static let patternsLimit = 1024

  /// Subscribes an instance's consumer to one more pattern, if its grants cover that.
  func subscribe(_ frame: Frame, from instance: Instance) {
    let text = unsafe String(decoding: frame.body, as: UTF8.self)
    do throws(Refusal) {
      let pattern: TopicPattern
      do throws(TopicError) { pattern = try TopicPattern(text) } catch {
        throw Refusal(status: PROMETHEAN_INVALID, message: "subscribe: \(error)")
      }
      let decision = instance.policy.decide(.subscribe, resource: text)
      guard decision.allowed else {
        throw Refusal(
          status: PROMETHEAN_DENIED,
          message: "subscribe \(text): \(decision.reason) (\(decision.location))"
        )
      }
      // Until the switch, what is delivered goes to the generation before, which may not be granted it.
      guard !instance.isSuccessor else {
        instance.heldSubscriptions.append(text)
        return result(to: instance, token: frame.token, status: PROMETHEAN_OK)
      }
      let consumer = consumers[instance.consumer]
      let patterns = ConsumerPlan.narrowed([pattern], to: instance.tenants)
      guard !patterns.allSatisfy(consumer.patterns.contains) else {
        return result(to: instance, token: frame.token, status: PROMETHEAN_OK)
      }
      guard consumer.patterns.count < Self.patternsLimit else {
        throw Refusal(
          status: PROMETHEAN_UNAVAILABLE,
          message: "subscribe \(text): \(Self.patternsLimit) patterns are subscribed already"
        )
      }
      subscribe(consumer, to: patterns, remembering: text, for: Caller(instance, token: frame.token))
    } catch {
      refuse(instance, token: frame.token, error)
    }
  }

  /// Subscribes a consumer once that is recorded: after a restart, its members are not there yet to say it again when
  /// the journal is read on.
  private func subscribe(
    _ consumer: Consumer,
    to patterns: [TopicPattern],
    remembering text: String,
    for caller: Caller
  ) {
    let cost = text.utf8.count
    caller.charge(bytes: cost)
    journal.ask(.remember(pattern: text, consumer: consumer.record)) { [weak self] answer in
      caller.giveBack(bytes: cost)
      guard let self else { return }
      var (status, why) = (PROMETHEAN_OK, "")
      switch answer {
      case .success:
        if !consumer.remembered.contains(text) { consumer.remembered.append(text) }
        subscribe(consumer, to: patterns)
      case .failure(let error): (status, why) = (PROMETHEAN_FAILED, error.description)
      }
      if caller.isListening { result(to: caller.instance, token: caller.token, status: status, text: why) }
    }
  }

  /// Subscribes a consumer to what one of its members subscribed to in an earlier life of the host, if that is still
  /// granted.
  func subscribeAgain(_ consumer: Consumer, to text: String, by member: Instance?) {
    guard let member, let pattern = try? TopicPattern(text),
      member.policy.decide(.subscribe, resource: text).allowed
    else { return }
    subscribe(consumer, to: ConsumerPlan.narrowed([pattern], to: member.tenants))
  }

  private func subscribe(_ consumer: Consumer, to patterns: [TopicPattern]) {
    for pattern in patterns where consumer.add(pattern) { trie.insert(consumer.number, under: pattern) }
    routes.removeAll()
  }

  // MARK: - Logs and metrics

  func writeLog(_ frame: Frame, from instance: Instance) throws {
    guard instance.policy.decide(.log, resource: "").allowed else { return }
    let size = MemoryLayout<UInt32>.size
    guard unsafe frame.body.count >= size else { throw Violation(description: "it sent a malformed log frame") }
    let length = Int(unsafe frame.body.loadUnaligned(as: UInt32.self))
    guard unsafe length <= frame.body.count - size else {
      throw Violation(description: "it sent a malformed log frame")
    }
    guard case .admit = instance.logCap.decide(at: HostClock.monotonic) else {
      // Not kept, it has cost the host its reading; who logs without end is left unread like who publishes so.
      if instance.rate.spend() { instance.metrics.rateWaits.add() }
      return instance.metrics.logsSuppressed.add()
    }
    let rest = unsafe UnsafeRawBufferPointer(rebasing: frame.body[size...])
    log.write(
      unsafe LogRecord(
        severity: Int32(frame.argument),
        message: rest[..<length],
        fields: rest[length...],
        plugin: instance.plugin.id,
        instance: instance.name,
        tenant: instance.binding?.description
      )
    )
  }

  func record(_ frame: Frame, from instance: Instance) throws {
    guard instance.policy.decide(.metrics, resource: "").allowed else { return }
    let size = MemoryLayout<UInt16>.size
    guard unsafe frame.body.count >= size else { throw Violation(description: "it sent a malformed metric frame") }
    let length = Int(unsafe frame.body.loadUnaligned(as: UInt16.self))
    guard unsafe length <= frame.body.count - size else {
      throw Violation(description: "it sent a malformed metric frame")
    }
    let rest = unsafe UnsafeRawBufferPointer(rebasing: frame.body[size...])
    let refused = metrics.plugins.record(
      kind: Int32(frame.argument),
      name: unsafe String(decoding: rest[..<length], as: UTF8.self),
      labels: unsafe String(decoding: rest[length...], as: UTF8.self),
      value: Double(bitPattern: frame.token),
      plugin: instance.plugin.id,
      instance: instance.name
    )
    guard let refused else { return }
    log.warn("refused: \(refused)", plugin: instance.plugin.id, instance: instance.name)
  }

  // MARK: - Taps

  /// Has somebody hear of every envelope on matching topics, until `removeTap`.
  package func addTap(_ id: UInt64, _ pattern: TopicPattern, hear: @escaping ([UInt8]) -> Void) {
    taps.append(Tap(id: id, pattern: pattern, hear: hear))
    routes.removeAll()
  }

  /// Ends a tap.
  package func removeTap(_ id: UInt64) {
    taps.removeAll { $0.id == id }
    routes.removeAll()
  }

  func tap(_ bytes: UnsafeRawBufferPointer, topic: String) {
    for tap in taps where tap.pattern.matches(topic) { tap.hear(unsafe [UInt8](bytes)) }
  }
}
