/// Lets only so many tasks at once do something, the rest in the order in which they came.
///
/// ```swift
/// try await dials.enter()
/// defer { dials.leave() }
/// ```
@PluginActor
public final class ConcurrencyLimit {
  private struct Waiter {
    let id: UInt64
    /// Hears whether there is a place for it.
    let continuation: CheckedContinuation<Bool, Never>
  }

  private var free: Int
  private var waiters: [Waiter] = []
  private var lastID: UInt64 = 0

  /// Lets `count` in at once.
  public init(_ count: Int) {
    free = count
  }

  /// Returns when there is a place; whoever has one must `leave`.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while it waits: it has no place then, and has kept none
  ///   from others.
  public func enter() async throws(CancellationError) {
    if free > 0 {
      free -= 1
      return
    }
    lastID += 1
    let id = lastID
    let isIn = await withTaskCancellationHandler {
      await PluginActor.staying {
        await withCheckedContinuation { continuation in
          // Looked at here, where nothing can come between: a cancellation that came before finds no waiter.
          guard !Task.isCancelled else { return continuation.resume(returning: false) }
          waiters.append(Waiter(id: id, continuation: continuation))
        }
      }
    } onCancel: {
      PluginActor.task { [self] in cancel(id) }
    }
    if !isIn { throw CancellationError() }
  }

  /// Gives a place back: the first that waits gets it.
  public func leave() {
    if waiters.isEmpty { free += 1 } else { waiters.removeFirst().continuation.resume(returning: true) }
  }

  private func cancel(_ id: UInt64) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    waiters.remove(at: index).continuation.resume(returning: false)
  }
}
