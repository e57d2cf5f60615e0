internal import PluginKit
internal import ProviderKit

/// What comes of events.
extension ShardVisit {
  /// What an event is for.
  enum Heard {
    case ending(Shard.Ending)
    /// To be taken in.
    case event(Dispatch)
    /// It has been taken in before.
    case copy
  }

  /// Finds out what an event is for, and obeys those that are for this side.
  ///
  /// It waits for nothing: thousands come in a second.
  func hear(event message: GatewayMessage, _ bytes: [UInt8]) -> Heard {
    guard let number = message.sequence, let name = message.name else {
      return .ending(.unreadable("expected an event with its number and name, found one without"))
    }
    counts.received += 1
    silentBeats = 0
    if name == "RESUMED" { hearResumed() }
    guard number > sequence else {
      counts.dropped += 1
      return .copy
    }
    switch name {
    case "READY": if let ending = hear(ready: message, bytes, number) { return .ending(ending) }
    case "RATE_LIMITED": hold(message, bytes)
    default: break
    }
    sequence = number
    shard.session?.sequence = number
    // What comes before `RESUMED` was missed; before `READY` comes nothing.
    if !isOpen { replayed += 1 }
    return .event(
      Dispatch(
        name: name,
        shard: shard.number,
        sequence: number,
        isReplayed: !isOpen,
        message: bytes,
        data: message.data,
        view: message.view
      )
    )
  }

  private func hear(ready message: GatewayMessage, _ bytes: [UInt8], _ number: Int64) -> Shard.Ending? {
    let texts = message.texts(["session_id", "resume_gateway_url"], of: bytes)
    guard let id = texts["session_id"], let url = texts["resume_gateway_url"] ?? parts.directory.url else {
      return .unreadable("READY: expected session_id and resume_gateway_url, found none")
    }
    isOpen = true
    shard.ready(GatewaySession(id: id, resumeURL: url, shards: shard.count, sequence: number))
    return nil
  }

  private func hearResumed() {
    isOpen = true
    shard.resumed(replayed: replayed)
    guard !shard.isBegunWithPresence else { return }
    do throws(ProviderError) {
      try show(shard.presence)
    } catch {
      parts.context.log.warning("the presence is not shown: \(error)")
    }
  }

  /// Obeys when the gateway wants no more of an opcode for a while.
  private func hold(_ message: GatewayMessage, _ bytes: [UInt8]) {
    guard let json = message.json(of: bytes), let opcode = json["opcode"]?.intValue,
      let seconds = json["retry_after"]?.doubleValue, (0...86_400).contains(seconds)
    else { return }
    parts.context.metrics.add("gateway_rate_limited_total")
    limiter?.hold(opcode: Int(clamping: opcode), for: .milliseconds(Int64(seconds * 1000) + 1))
  }
}

/// Counts events, and tells the metrics once for many of them.
@PluginActor
final class EventCounts {
  var received = 0
  var dropped = 0
  private let metrics: Metrics

  init(_ metrics: Metrics) {
    self.metrics = metrics
  }

  func flush() {
    if received > 0 { metrics.add("gateway_events_total", Double(received)) }
    if dropped > 0 { metrics.add("gateway_events_dropped_total", Double(dropped)) }
    (received, dropped) = (0, 0)
  }
}
