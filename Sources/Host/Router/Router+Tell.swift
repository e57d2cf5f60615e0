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
      guard decision.allowed, let consumer = consumers.first(where: { $0.members.contains { $0 === instance } }) else {
        throw Refusal(
          status: PROMETHEAN_DENIED,
          message: "subscribe \(text): \(decision.reason) (\(decision.location))"
        )
      }
      guard consumer.patterns.count < Self.patternsLimit else {
        throw Refusal(
          status: PROMETHEAN_UNAVAILABLE,
          message: "subscribe \(text): \(Self.patternsLimit) patterns are subscribed already"
        )
      }
      for pattern in ConsumerPlan.narrowed([pattern], to: instance.tenants) {
        consumer.add(pattern)
        trie.insert(consumer.number, under: pattern)
      }
      routes.removeAll()
      result(to: instance, token: frame.token, status: PROMETHEAN_OK)
    } catch {
      refuse(instance, token: frame.token, error)
    }
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

  func record(_ frame: Frame, from instance: Instance) {
    guard instance.policy.decide(.metrics, resource: "").allowed else { return }
    let name = unsafe String(decoding: frame.body, as: UTF8.self)
    let refused = metrics.plugins.record(
      kind: Int32(frame.argument),
      name: name,
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
