internal import CCURL
internal import CLinux
internal import Glibc

/// A thread that waits in libcurl, and what wakes it.
@safe
final class LoopThread: @unchecked Sendable {
  // Unchecked because of the thread's number, which is set once, by `start`.

  /// How long it waits at most when nothing happens; whatever does happen wakes it.
  static let patience = Duration.seconds(60)

  /// What libcurl needs once in a process.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

  /// An eventfd that wakes the thread: libcurl's own way needs a socket.
  private let bell: Int32
  private var thread = pthread_t()

  init() throws(CURLError) {
    guard Self.isReady else { throw CURLError(.other, "libcurl cannot be used") }
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
  }

  deinit {
    close(bell)
  }

  /// Starts the thread under a name.
  func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(CURLError) {
    let work = unsafe Unmanaged.passRetained(Work(name: name, body: body)).toOpaque()
    let code = unsafe pthread_create(
      &thread,
      nil,
      { work in
        guard let work = unsafe work else { return nil }
        unsafe Unmanaged<Work>.fromOpaque(work).takeRetainedValue().run()
        return nil
      },
      work
    )
    guard code == 0 else {
      unsafe Unmanaged<Work>.fromOpaque(work).release()
      throw CURLError(.other, "the thread of \(name) cannot be started: \(unsafe String(cString: strerror(code)))")
    }
  }

  /// Wakes the thread.
  func ring() {
    eventfd_write(bell, 1)
  }

  /// Returns when the thread has ended.
  func join() {
    pthread_join(thread, nil)
  }

  /// Has libcurl go on, on the thread, as far as it can.
  ///
  /// - Parameters:
  ///   - multi: What has the transfers.
  ///   - isNew: Whether some have been added. Of a connection that was made for it libcurl finds out at its second look
  ///     that it is there, and by itself it looks again after a fifth of a second.
  func perform(_ multi: UnsafeMutableRawPointer?, isNew: Bool) {
    var count: Int32 = 0
    unsafe curl_multi_perform(multi, &count)
    if isNew { unsafe curl_multi_perform(multi, &count) }
  }

  /// Waits, on the thread, until something happens to libcurl's connections or to others, somebody rings, or some time
  /// has passed.
  func wait(_ multi: UnsafeMutableRawPointer?, _ others: inout [curl_waitfd], for time: Duration = patience) {
    others.append(curl_waitfd(fd: bell, events: Int16(CURL_WAIT_POLLIN), revents: 0))
    // Rounded up, so that it is over when somebody looks.
    let milliseconds = Int32(max(0, min(time, Self.patience) / .milliseconds(1)).rounded(.up))
    unsafe curl_multi_poll(multi, &others, UInt32(others.count), milliseconds, nil)
    others.removeLast()
    var rings: eventfd_t = 0
    unsafe eventfd_read(bell, &rings)
  }

  private final class Work {
    private let name: String
    private let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      (self.name, self.body) = (name, body)
    }

    func run() {
      unsafe linux_thread_name(name)
      body()
    }
  }
}
