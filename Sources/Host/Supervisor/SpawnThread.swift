internal import Glibc
internal import Locking

/// The thread that runners are spawned on, so that the loop never waits for one.
///
/// The kernel returns from a spawn when the program has been replaced, and from a move into a control group when every
/// processor has passed a quiet point: 20 ms together on a busy machine, in which nobody would be served. The thread
/// lives as long as the host, since the kernel kills a runner when the thread that spawned it ends.
final class SpawnThread: Sendable {
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

  /// Starts the thread, which is so nice, and with it what it spawns, from its first instruction on.
  init(_ name: String = "spawn", nice: Int32) throws(HostError) {
    thread = try BackgroundThread(name) { [queue] in
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, nice)
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
