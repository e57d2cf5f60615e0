internal import CCURL
internal import CLinux
internal import Glibc
internal import Locking
internal import Synchronization

/// The one thread on which transfers happen, all at the same time.
///
/// It lives until `stop`. Connections come from elsewhere: in the sandbox from the host, where `connect`, which libcurl
/// calls in any case, answers that it is under way.
@safe
package final class TransferThread: @unchecked Sendable {
  // Unchecked because of the thread's number, which is set once before anybody else has this.

  private struct Commands {
    var begun: [TransferHandle] = []
    var isStopping = false
  }

  /// How long it waits at most when nothing happens, ms; whatever does happen wakes it.
  private static let patience: Int32 = 60_000

  /// What libcurl needs once in a process.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

  private let commands = Locked(Commands())
  /// An eventfd that wakes the thread: libcurl's own way needs a socket.
  private let bell: Int32
  private var thread = pthread_t()

  /// Starts the thread.
  package init() throws(CURLError) {
    guard Self.isReady else { throw CURLError(.other, "libcurl cannot be used") }
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &thread,
      nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<TransferThread>.fromOpaque(context).takeRetainedValue().run()
        return nil
      },
      context
    )
    guard code == 0 else {
      unsafe Unmanaged<TransferThread>.fromOpaque(context).release()
      throw CURLError(.other, "the thread of transfers cannot be started: \(unsafe String(cString: strerror(code)))")
    }
  }

  deinit {
    close(bell)
  }

  /// Does a transfer over a connection, which is closed in the end, and returns how the answer began.
  ///
  /// - Throws: A `CURLError`, or what the receiver has thrown.
  package func perform(
    _ transfer: Transfer,
    over descriptor: Int32,
    into receiver: any TransferReceiver
  ) async throws -> ResponseHead {
    let begun = Locked<TransferHandle?>(nil)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        do throws(CURLError) {
          let handle = try TransferHandle(transfer, descriptor: descriptor, receiver: receiver) {
            continuation.resume(with: $0)
          }
          begun.withLock { $0 = handle }
          if Task.isCancelled { handle.isCancelled.store(true, ordering: .relaxed) }
          begin(handle)
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      begun.withLock { $0 }?.isCancelled.store(true, ordering: .relaxed)
      ring()
    }
  }

  /// Ends what is under way, and the thread; returns when it has ended.
  package func stop() {
    commands.withLock { $0.isStopping = true }
    ring()
    pthread_join(thread, nil)
  }

  private func begin(_ handle: TransferHandle) {
    let isTaken = commands.withLock { commands in
      if !commands.isStopping { commands.begun.append(handle) }
      return !commands.isStopping
    }
    if isTaken { ring() } else { handle.cancel() }
  }

  private func ring() {
    eventfd_write(bell, 1)
  }

  // MARK: - On the thread

  private func run() {
    unsafe linux_thread_name("transfers")
    let multi = unsafe curl_multi_init()
    var running: [TransferHandle] = []
    while true {
      let (begun, isStopping) = commands.withLock { commands in
        defer { commands.begun = [] }
        return (commands.begun, commands.isStopping)
      }
      for handle in begun {
        if unsafe curl_multi_add_handle(multi, handle.easy) == CURLM_OK {
          running.append(handle)
        } else {
          handle.complete(CURLE_FAILED_INIT)
        }
      }
      for handle in running where isStopping || handle.isCancelled.load(ordering: .relaxed) {
        unsafe curl_multi_remove_handle(multi, handle.easy)
        running.removeAll { $0 === handle }
        handle.cancel()
      }
      if isStopping { break }
      var count: Int32 = 0
      unsafe curl_multi_perform(multi, &count)
      var code = CURLE_OK
      while let easy = unsafe ccurl_next_done(multi, &code) {
        unsafe curl_multi_remove_handle(multi, easy)
        guard let index = running.firstIndex(where: { unsafe $0.easy == easy }) else { continue }
        running.remove(at: index).complete(code)
      }
      var wait = curl_waitfd(fd: bell, events: Int16(CURL_WAIT_POLLIN), revents: 0)
      unsafe curl_multi_poll(multi, &wait, 1, Self.patience, nil)
      var rings: eventfd_t = 0
      unsafe eventfd_read(bell, &rings)
    }
    unsafe curl_multi_cleanup(multi)
  }
}
