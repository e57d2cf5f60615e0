internal import CLinux
internal import Glibc

/// A thread for work that blocks, which the concurrency runtime's own threads must not.
@safe package final class BackgroundThread: @unchecked Sendable {
  // A thread's handle is a number; `join` is called once, by the owner.
  private let handle: pthread_t

  /// Starts the thread, with every signal blocked: they are the main thread's.
  ///
  /// - Parameters:
  ///   - name: What `top -H` shows, at most 15 bytes.
  ///   - body: What the thread does.
  /// - Throws: `HostError` when the system has no thread to give.
  package init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(HostError) {
    var handle = pthread_t()
    let context = unsafe Unmanaged.passRetained(Body(name: name, run: body)).toOpaque()
    let code = SignalMask.withAllBlocked {
      unsafe pthread_create(
        &handle,
        nil,
        { context in
          guard let context = unsafe context else { return nil }
          let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
          unsafe linux_thread_name(body.name)
          body.run()
          return nil
        },
        context
      )
    }
    guard code == 0 else {
      unsafe Unmanaged<Body>.fromOpaque(context).release()
      throw HostError("the thread \(name) cannot be started: \(unsafe String(cString: strerror(code)))")
    }
    self.handle = handle
  }

  /// Waits for the thread to end.
  package func join() {
    pthread_join(handle, nil)
  }

  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }
}

/// Which signals the calling thread takes.
enum SignalMask {
  /// Runs a closure with all signals blocked, which the threads that it starts inherit.
  static func withAllBlocked<Result>(_ body: () -> Result) -> Result {
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    return body()
  }
}

/// A count that threads wait for.
@safe final class Semaphore: @unchecked Sendable {
  // The kernel and libc order all access to it.
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe semaphore.initialize(to: sem_t())
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() {
    unsafe sem_post(semaphore)
  }

  func wait() {
    while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
  }

  /// Waits for so many milliseconds at most.
  func wait(atMost milliseconds: Int64) {
    unsafe linux_wait_until(semaphore, HostClock.monotonic + milliseconds * nanosecondsPerMillisecond)
  }
}
