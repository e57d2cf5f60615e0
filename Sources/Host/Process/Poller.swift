internal import CLinux
internal import Glibc

/// The set of descriptors that one thread waits on, each with a number of its owner's choice.
package struct Poller: ~Copyable {
  /// One descriptor that something can be done with.
  package struct Event {
    /// The number that the descriptor was added under.
    package let token: UInt64
    /// Whether bytes, or the end, can be read.
    package let isReadable: Bool
    /// Whether bytes can be written.
    package let isWritable: Bool
    /// Whether the other side is gone.
    package let isHungUp: Bool
  }

  /// What to wait for.
  package struct Interest: OptionSet {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let reading = Interest(rawValue: EPOLLIN.rawValue)
    package static let writing = Interest(rawValue: EPOLLOUT.rawValue)
  }

  private let descriptor: Int32
  private var buffer: [linux_event]

  /// Makes an empty set.
  package init() {
    let made = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(made >= 0, "no descriptor for epoll: \(errno)")
    // Both at the end: a field that is read before all are set has the optimiser release the ones that are not.
    descriptor = made
    buffer = Array(repeating: linux_event(), count: Int(LINUX_EVENTS_MAX))
  }

  deinit {
    close(descriptor)
  }

  /// Adds a descriptor, which its owner removes before closing it.
  package func add(_ other: Int32, for interest: Interest = [.reading], token: UInt64) {
    let result = linux_epoll_add(descriptor, other, interest.rawValue, token)
    precondition(result == 0, "epoll does not take descriptor \(other): \(errno)")
  }

  /// Changes what a descriptor is waited on for.
  package func modify(_ other: Int32, for interest: Interest, token: UInt64) {
    _ = linux_epoll_modify(descriptor, other, interest.rawValue, token)
  }

  /// Removes a descriptor; harmless if it is not there.
  package func remove(_ other: Int32) {
    _ = linux_epoll_remove(descriptor, other)
  }

  /// Waits until something can be done, for at most that many milliseconds, and hands over what.
  package mutating func wait(milliseconds: Int32, _ body: (Event) -> Void) {
    let count = unsafe buffer.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return Int32(0) }
      return unsafe linux_epoll_wait(descriptor, base, milliseconds)
    }
    for index in 0..<Int(max(count, 0)) {
      let event = buffer[index]
      body(
        Event(
          token: event.token,
          isReadable: event.events & EPOLLIN.rawValue != 0,
          isWritable: event.events & EPOLLOUT.rawValue != 0,
          isHungUp: event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        )
      )
    }
  }
}
