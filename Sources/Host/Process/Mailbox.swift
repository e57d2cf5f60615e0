internal import CLinux
internal import Glibc
internal import Locking

/// A way for any thread to hand values to the one thread that waits on the mailbox's descriptor.
package final class Mailbox<Message: Sendable>: Sendable {
  private struct State {
    var messages: [Message] = []
    /// Whether the descriptor is readable already, so that a burst of posts costs one system call.
    var isSignalled = false
  }

  /// Readable when something is in the mailbox.
  package let descriptor: Int32
  private let state = Locked(State())

  /// Makes an empty mailbox.
  package init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "no descriptor for a mailbox: \(errno)")
  }

  deinit {
    close(descriptor)
  }

  /// Puts a value in.
  ///
  /// Any thread.
  package func post(_ message: Message) {
    let mustSignal = state.withLock { state in
      state.messages.append(message)
      defer { state.isSignalled = true }
      return !state.isSignalled
    }
    if mustSignal { eventfd_write(descriptor, 1) }
  }

  /// Takes everything out, in the order in which it was put in.
  package func drain() -> [Message] {
    var count: eventfd_t = 0
    unsafe eventfd_read(descriptor, &count)
    return state.withLock { state in
      state.isSignalled = false
      defer { state.messages.removeAll() }
      return state.messages
    }
  }

  /// How many values are in it.
  package var count: Int { state.withLock { $0.messages.count } }
}
