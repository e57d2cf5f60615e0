/// Tasks that wait for the end of the batch of deliveries that the host is just handing over.
@PluginActor
final class Turns {
  private let host: HostHandle
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var isClosed = false

  init(host: HostHandle) {
    self.host = host
  }

  /// Returns in the next `poll`, which the host makes after a batch; it is asked for one where there is no batch.
  func next() async {
    await PluginActor.staying {
      await withCheckedContinuation { continuation in
        // Looked at here, where nothing can come between: nobody polls what comes after `close`.
        guard !isClosed else { return continuation.resume() }
        waiting.append(continuation)
        if waiting.count == 1 { host.wake() }
      }
    }
  }

  /// Lets all go on that wait.
  func polled() {
    let due = waiting
    waiting = []
    for continuation in due { continuation.resume() }
  }

  /// Lets all go on, and whoever will want to wait.
  func close() {
    isClosed = true
    polled()
  }
}
