internal import CChannel
internal import Channel
internal import Glibc
internal import Testing

/// The plugin's side of a channel, in the same process: a second mapping of the same memory.
@safe final class Peer {
  private let rings: UnsafeMutablePointer<ring>
  let channel: Channel

  init(_ channel: Channel) throws {
    self.channel = channel
    unsafe rings = .allocate(capacity: 2)
    unsafe rings.initialize(repeating: ring(), count: 2)
    try #require(unsafe ring_map(channel.memory, rings) == 0)
  }

  deinit {
    unsafe ring_unmap(rings)
    unsafe rings.deallocate()
  }

  /// Writes a frame and publishes it.
  ///
  /// Returns what `ring_write` did.
  @discardableResult
  func send(op: UInt16 = 1, token: UInt64 = 0, body: [UInt8], claiming size: Int? = nil) -> Int32 {
    var head = wire_frame(op: op, argument: 0, size: UInt32(size ?? body.count), token: token)
    let status = unsafe ring_write(
      rings + 1,
      &head,
      MemoryLayout<wire_frame>.size,
      body,
      body.count,
      nil,
      0
    )
    if unsafe ring_publish(rings + 1) == 1 { signal(channel.incoming) }
    return status
  }

  func waitForRoom(_ size: Int) -> Bool { unsafe ring_wait_for_room(rings + 1, size) == 1 }

  /// Takes a frame, `nil` if there is none.
  func receive() -> (head: wire_frame, body: [UInt8])? {
    var bytes = [UInt8](repeating: 0, count: Int(RING_FRAME_MAX))
    var size = 0
    guard unsafe ring_read(rings, &bytes, bytes.count, &size) == RING_OK else { return nil }
    let head = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: wire_frame.self) }
    return (head, Array(bytes[MemoryLayout<wire_frame>.size..<size]))
  }

  func release() {
    if unsafe ring_release(rings) == 1 { signal(channel.incoming) }
  }

  /// Waits on the eventfd unless there is a frame.
  func sleep() {
    guard unsafe ring_sleep(rings) == 0 else { return }
    block(on: channel.outgoing)
    unsafe ring_awake(rings)
  }

  // MARK: - Hostility

  /// A number that both sides share, by its place at the head of a ring.
  enum Shared: Int {
    case tail = 0
    case head = 64
    case consumerSleeps = 128
    case producerWaits = 192
  }

  func poke(_ shared: Shared, ofRing index: Int, _ value: UInt64) {
    let base = unsafe UnsafeMutableRawPointer(rings[index].shared)
    unsafe base?.storeBytes(of: value, toByteOffset: shared.rawValue, as: UInt64.self)
  }

  func peek(_ shared: Shared, ofRing index: Int) -> UInt64 {
    let base = unsafe UnsafeRawPointer(rings[index].shared)
    return unsafe base?.load(fromByteOffset: shared.rawValue, as: UInt64.self) ?? 0
  }

  /// Overwrites the length of the frame at a position of the ring to the host.
  func pokeLength(at position: UInt64, _ value: UInt64) {
    let offset = Int(position % UInt64(RING_CAPACITY))
    unsafe UnsafeMutableRawPointer(rings[1].data).storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
  }
}

func signal(_ descriptor: Int32, _ count: UInt64 = 1) {
  var count = count
  _ = unsafe write(descriptor, &count, MemoryLayout<UInt64>.size)
}

/// Waits until an eventfd is readable, and empties it.
func block(on descriptor: Int32) {
  var source = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  _ = unsafe poll(&source, 1, 20_000)
  var count: UInt64 = 0
  _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
}
