import CChannel
import Channel
import FuzzRunner

/// The plugin's side of a channel, which writes any bytes as frames.
@safe final class FuzzPeer {
  private let rings: UnsafeMutablePointer<ring>
  private var frame = [UInt8](repeating: 0, count: Channel.frameLimit)

  init(_ channel: Channel) throws {
    unsafe rings = .allocate(capacity: 2)
    unsafe rings.initialize(repeating: ring(), count: 2)
    guard unsafe ring_map(channel.memory, rings) == 0 else { throw Finding(description: "no memory for rings") }
  }

  deinit {
    unsafe ring_unmap(rings)
    unsafe rings.deallocate()
  }

  /// Puts a frame into the ring, its head included.
  func send(_ frame: [UInt8]) {
    _ = unsafe ring_write(rings + 1, frame, frame.count, nil, 0, nil, 0)
    _ = unsafe ring_publish(rings + 1)
  }

  /// Takes the next frame that the host has sent.
  func receive() -> [UInt8]? {
    var size = 0
    guard unsafe ring_read(rings, &frame, frame.count, &size) == RING_OK else { return nil }
    _ = unsafe ring_release(rings)
    return Array(frame.prefix(size))
  }
}
