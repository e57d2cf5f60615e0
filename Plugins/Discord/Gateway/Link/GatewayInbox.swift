internal import Locking
internal import Synchronization

/// What has come from a gateway and waits to be taken, and how it ended: filled on the thread of the streams, and
/// emptied by the plugin.
final class GatewayInbox: Sendable {
  /// Bytes of messages that wait; beyond them nothing is read until they are taken.
  static let bytesMax = 1 << 20

  private struct Contents {
    var messages: [[UInt8]] = []
    var bytes = 0
    var end: GatewayEnd?
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let contents = Locked(Contents())
  private let isFullFlag = Atomic(false)

  /// Whether there is no room.
  var isFull: Bool { isFullFlag.load(ordering: .relaxed) }

  /// Whether it has ended.
  var isEnded: Bool { contents.withLock { $0.end != nil } }

  // MARK: - Filling

  /// Adds messages, without waking whoever waits for them.
  func add(_ messages: [[UInt8]]) {
    guard !messages.isEmpty else { return }
    contents.withLock { contents in
      contents.messages += messages
      contents.bytes += messages.reduce(0) { $0 + $1.count }
      isFullFlag.store(contents.bytes >= Self.bytesMax, ordering: .relaxed)
    }
  }

  /// Says how it ended; the first says it.
  func end(_ end: GatewayEnd) {
    contents.withLock { contents in
      if contents.end == nil { contents.end = end }
    }
    wake()
  }

  /// Wakes whoever waits, if there is something.
  func wake() {
    let waiter = contents.withLock { contents -> CheckedContinuation<Void, Never>? in
      guard !contents.messages.isEmpty || contents.end != nil else { return nil }
      defer { contents.waiter = nil }
      return contents.waiter
    }
    waiter?.resume()
  }

  // MARK: - Emptying

  /// All messages that have come; none if it is to be waited for.
  ///
  /// - Returns: The messages, and whether there was no room before.
  /// - Throws: How it ended, when there are none any more.
  func take() throws(GatewayEnd) -> (messages: [[UInt8]], wasFull: Bool) {
    let (messages, wasFull, end) = contents.withLock { contents in
      defer { (contents.messages, contents.bytes) = ([], 0) }
      return (contents.messages, isFullFlag.exchange(false, ordering: .relaxed), contents.end)
    }
    if messages.isEmpty, let end { throw end }
    return (messages, wasFull)
  }

  /// Returns when there is something to take; for one at a time.
  func wait() async {
    await withCheckedContinuation { continuation in
      let isThere = contents.withLock { contents in
        let isThere = !contents.messages.isEmpty || contents.end != nil
        if !isThere {
          precondition(contents.waiter == nil, "one task takes the messages of a connection")
          contents.waiter = continuation
        }
        return isThere
      }
      if isThere { continuation.resume() }
    }
  }
}
