internal import CChannel
internal import CLinux
internal import Glibc

/// The host's end of the rings that it shares with one runner.
///
/// Frames to the plugin go into one ring, frames from it come out of the other, and each direction has an eventfd to
/// wake a sleeping reader. The peer is not trusted: whatever it writes into the shared memory, a call here at worst
/// throws ``ChannelError/corrupt``, and none blocks.
///
/// Not thread-safe: it belongs to the thread that made it.
@safe
package final class Channel {
  /// How a ``send(op:argument:token:_:_:)`` ended.
  package enum SendResult: Sendable {
    case sent
    /// No room. Nothing was written; ``awaitRoom(for:)`` has the peer wake this side when there is some.
    case full
  }

  /// The largest body of a frame, in bytes.
  package static let bodyLimit = Int(RING_FRAME_MAX) - MemoryLayout<wire_frame>.size

  /// The bytes that ``receive(into:)`` needs room for.
  package static let frameLimit = Int(RING_FRAME_MAX)

  /// The sealed memory of both rings, for the runner to map.
  package let memory: Int32
  /// The eventfd that becomes readable when the peer has frames or room for a host that sleeps.
  ///
  /// To epoll on.
  package let incoming: Int32
  /// The eventfd that wakes the peer.
  package let outgoing: Int32

  private let rings: UnsafeMutablePointer<ring>
  private var toPlugin: UnsafeMutablePointer<ring> { unsafe rings }
  private var toHost: UnsafeMutablePointer<ring> { unsafe rings + 1 }

  /// Makes the memory and the eventfds, all close-on-exec.
  ///
  /// - Throws: `ChannelError.system` when descriptors or memory are short.
  package init() throws(ChannelError) {
    memory = ring_memory_create()
    incoming = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    outgoing = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    unsafe rings = .allocate(capacity: 2)
    unsafe rings.initialize(repeating: ring(), count: 2)
    // Only now, with everything in its place, does a throw run `deinit`.
    guard memory >= 0, incoming >= 0, outgoing >= 0 else { throw .system("memfd_create, eventfd", errno) }
    guard unsafe ring_map(memory, rings) == 0 else { throw .system("mmap", errno) }
  }

  deinit {
    unsafe ring_unmap(rings)
    unsafe rings.deallocate()
    for descriptor in [memory, incoming, outgoing] where descriptor >= 0 { close(descriptor) }
  }

  // MARK: - To the plugin

  /// Writes a frame whose body is `first` and `second`, one after the other; ``flush()`` makes it seen.
  ///
  /// Allocates nothing.
  ///
  /// - Throws: `ChannelError.corrupt` when the peer's indices are impossible, `ChannelError.tooLarge` for a body over
  ///   ``bodyLimit``.
  package func send(
    op: UInt16,
    argument: Int16 = 0,
    token: UInt64 = 0,
    _ first: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0),
    _ second: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
  ) throws(ChannelError) -> SendResult {
    let size = first.count + second.count
    guard size <= Self.bodyLimit else { throw .tooLarge(size) }
    var head = wire_frame(op: op, argument: argument, size: UInt32(size), token: token)
    let status = unsafe ring_write(
      toPlugin,
      &head,
      MemoryLayout<wire_frame>.size,
      first.baseAddress,
      first.count,
      second.baseAddress,
      second.count
    )
    switch status {
    case RING_OK: return .sent
    case RING_FULL: return .full
    default: throw .corrupt
    }
  }

  /// Publishes what was sent, and wakes the peer if it sleeps.
  package func flush() {
    if unsafe ring_publish(toPlugin) == 1 { wakePeer() }
  }

  /// Asks the peer to signal ``incoming`` when it has made room.
  ///
  /// Returns whether there is room for a body of `size` by now.
  ///
  /// Call it after ``flush()``: the peer makes no room for what it cannot see.
  package func awaitRoom(for size: Int) -> Bool {
    unsafe ring_wait_for_room(toPlugin, size + MemoryLayout<wire_frame>.size) == 1
  }

  // MARK: - From the plugin

  /// Copies the next frame out of the ring into `buffer`, which holds ``frameLimit`` bytes.
  ///
  /// `nil`: there is none.
  ///
  /// - Throws: `ChannelError.corrupt` when indices or a length are impossible: the peer is broken or hostile.
  package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(ChannelError) -> Frame? {
    var size = 0
    let bytes = unsafe buffer.assumingMemoryBound(to: UInt8.self)
    switch unsafe ring_read(toHost, bytes.baseAddress, bytes.count, &size) {
    case RING_OK: break
    case RING_EMPTY: return nil
    default: throw .corrupt
    }
    guard let frame = unsafe Frame(UnsafeRawBufferPointer(rebasing: buffer[..<size])) else { throw .corrupt }
    return frame
  }

  /// Whether the peer says that it has sent more; what it says is checked when that is received.
  package var hasFrames: Bool { unsafe ring_holds(toHost) != 0 }

  /// Gives the room of the frames received so far back, and wakes the peer if it waits for that.
  package func release() {
    if unsafe ring_release(toHost) == 1 { wakePeer() }
  }

  /// Announces that this side is about to wait on ``incoming``.
  ///
  /// Returns whether frames are pending, so do not wait.
  ///
  /// Releases first: a peer that waits for room would never send.
  package func prepareToSleep() -> Bool {
    release()
    return unsafe ring_sleep(toHost) == 1
  }

  /// Takes the announcement back and empties ``incoming``.
  ///
  /// Call it whenever ``incoming`` was readable.
  package func awake() {
    unsafe ring_awake(toHost)
    var count: UInt64 = 0
    _ = unsafe read(incoming, &count, MemoryLayout<UInt64>.size)
  }

  /// Nonblocking: if the counter is saturated, the peer has been woken as much as can be.
  private func wakePeer() {
    var one: UInt64 = 1
    _ = unsafe write(outgoing, &one, MemoryLayout<UInt64>.size)
  }
}
