internal import Glibc
internal import Locking

/// A thread that does one thing after another, so that whoever asks never waits.
final class WorkThread: Sendable {
  private final class Queue: Sendable {
    let orders = Locked<[@Sendable () -> Void]>([])
    /// As many as there are orders, and one more in the end.
    let count = Semaphore()

    /// The next order; nil when there is none to come.
    func next() -> (@Sendable () -> Void)? {
      count.wait()
      return orders.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  private let queue = Queue()
  private let thread: BackgroundThread

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - name: What `top -H` shows, at most 15 bytes.
  ///   - nice: How nice it is, and with it what it spawns, from its first instruction on; nil: as its maker.
  /// - Throws: `HostError` when the system has no thread to give.
  init(_ name: String, nice: Int32? = nil) throws(HostError) {
    thread = try BackgroundThread(name) { [queue] in
      if let nice { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, nice) }
      while let order = queue.next() { order() }
    }
  }

  /// Has something done on the thread, after all that was asked for before.
  func perform(_ order: @escaping @Sendable () -> Void) {
    queue.orders.withLock { $0.append(order) }
    queue.count.signal()
  }

  /// Ends the thread when it has done all.
  func close() {
    queue.count.signal()
    thread.join()
  }
}
