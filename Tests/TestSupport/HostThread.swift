internal import Glibc
internal import Locking

/// The one thread on which every fake host calls its plugin, as a runner's one thread does.
///
/// One for all, since the plugin types of a test bundle are one library with one `PluginActor`, and that has one
/// thread.
@safe package final class HostThread: @unchecked Sendable {
  // Unchecked because of the semaphore, which is made for several threads.

  /// The thread; it lives as long as the tests.
  package static let shared = HostThread()

  private let work = Locked<[@Sendable () -> Void]>([])
  private let arrivals = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  private init() {
    unsafe sem_init(arrivals, 0, 0)
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    unsafe pthread_create(
      &thread,
      nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<HostThread>.fromOpaque(context).takeUnretainedValue().run()
      },
      context
    )
  }

  /// Runs `body` on the thread, after what has been given to it before.
  package func enqueue(_ body: @escaping @Sendable () -> Void) {
    work.withLock { $0.append(body) }
    unsafe sem_post(arrivals)
  }

  /// Runs `body` on the thread and returns what it returns.
  package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      enqueue { continuation.resume(returning: body()) }
    }
  }

  /// The thread as `pthread_self` names it.
  package func identity() async -> UInt {
    await run { UInt(pthread_self()) }
  }

  private func run() -> Never {
    while true {
      unsafe sem_wait(arrivals)
      let taken = work.withLock { work in
        defer { work.removeAll(keepingCapacity: true) }
        return work
      }
      for body in taken { body() }
    }
  }
}
