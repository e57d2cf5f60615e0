internal import CCURL
internal import Locking
internal import Synchronization

/// The one thread on which transfers happen, all at the same time.
///
/// It lives until `stop`. Connections come from elsewhere: in the sandbox from the host, where `connect`, which libcurl
/// calls in any case, answers that it is under way.
package final class TransferThread: Sendable {
  private struct Commands {
    var begun: [TransferHandle] = []
    var isStopping = false
  }

  /// Connections that are kept while they are idle.
  private static let idleMax = 16

  private let commands = Locked(Commands())
  private let thread: LoopThread

  /// Starts the thread.
  package init() throws(CURLError) {
    thread = try LoopThread()
    try thread.start("transfers") { self.run() }
  }

  /// Does a transfer over a connection, which is closed in the end unless it is kept, and returns how the answer began.
  ///
  /// Without a connection it uses one that is kept and idle; `.needsConnection` is thrown if there is none.
  /// - Throws: A `CURLError`, or what the receiver has thrown.
  package func perform(
    _ transfer: Transfer,
    over descriptor: Int32?,
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
      thread.ring()
    }
  }

  /// Ends what is under way, and the thread; returns when it has ended.
  package func stop() {
    commands.withLock { $0.isStopping = true }
    thread.ring()
    thread.join()
  }

  private func begin(_ handle: TransferHandle) {
    let isTaken = commands.withLock { commands in
      if !commands.isStopping { commands.begun.append(handle) }
      return !commands.isStopping
    }
    if isTaken { thread.ring() } else { handle.cancel() }
  }

  // MARK: - On the thread

  private func run() {
    let multi = unsafe curl_multi_init()
    unsafe ccurl_multi_set_number(multi, CURLMOPT_MAXCONNECTS, Self.idleMax)
    var running: [TransferHandle] = []
    while true {
      let (begun, isStopping) = commands.withLock { commands in
        defer { commands.begun = [] }
        return (commands.begun, commands.isStopping)
      }
      for handle in begun {
        if unsafe curl_multi_add_handle(multi, handle.easy.pointer) == CURLM_OK {
          running.append(handle)
        } else {
          handle.complete(CURLE_FAILED_INIT)
        }
      }
      for handle in running where isStopping || handle.isCancelled.load(ordering: .relaxed) {
        unsafe curl_multi_remove_handle(multi, handle.easy.pointer)
        running.removeAll { $0 === handle }
        handle.cancel()
      }
      if isStopping { break }
      unsafe thread.perform(multi, isNew: !begun.isEmpty)
      var code = CURLE_OK
      while let easy = unsafe ccurl_next_done(multi, &code) {
        unsafe curl_multi_remove_handle(multi, easy)
        guard let index = running.firstIndex(where: { unsafe $0.easy.pointer == easy }) else { continue }
        running.remove(at: index).complete(code)
      }
      var others: [curl_waitfd] = []
      unsafe thread.wait(multi, &others)
    }
    unsafe curl_multi_cleanup(multi)
  }
}
