internal import CLinux
internal import Glibc

/// A thread of the host's that runs one function to its end.
package struct Worker: Sendable {
  private let thread: pthread_t

  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a thread.
  ///
  /// Signals stay with the main thread, which waits for them on a descriptor.
  ///
  /// - Parameters:
  ///   - name: What `top -H` shows, at most 15 bytes.
  ///   - run: What the thread does.
  package init(name: String, run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let body = unsafe Unmanaged.passRetained(Body(name: name, run: run))
    let result = unsafe pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        unsafe linux_thread_name(body.name)
        body.run()
        return nil
      },
      body.toOpaque()
    )
    precondition(result == 0, "no thread for \(name): \(result)")
    self.thread = thread
  }

  /// Waits until the thread has ended.
  package func join() {
    pthread_join(thread, nil)
  }
}
