internal import CChannel
internal import Channel
internal import Glibc
internal import Testing

@Suite struct RingStressTests {
  /// Enough to go around the ring forty times.
  static let frames: UInt64 = 60_000

  private static func size(of frame: UInt64) -> Int { Int((frame &* 2_654_435_761 >> 7) % 700) }

  /// Both sides sleep whenever there is nothing to do, so a lost wake would hang it.
  @Test func `frames between two threads come whole, in order, and no wake is lost`() async throws {
    let channel = try Channel()
    nonisolated(unsafe) let shared = try Peer(channel)
    let echo = Thread {
      let peer = unsafe shared
      var next: UInt64 = 0
      while next < Self.frames {
        guard let frame = peer.receive() else {
          peer.release()
          peer.sleep()
          continue
        }
        guard frame.head.token == next, frame.body.count == Self.size(of: next) else { return next }
        next += 1
        while peer.send(token: frame.head.token, body: frame.body) == RING_FULL {
          peer.release()
          if !peer.waitForRoom(2048) { block(on: peer.channel.outgoing) }
        }
      }
      peer.release()
      return next
    }
    let buffer = Buffer()
    var sent: UInt64 = 0
    var received: UInt64 = 0
    while received < Self.frames {
      while sent < Self.frames {
        let body = [UInt8](repeating: UInt8(truncatingIfNeeded: sent), count: Self.size(of: sent))
        guard try channel.send(token: sent, body) == .sent else { break }
        sent += 1
      }
      channel.flush()
      while let frame = try buffer.receive(from: channel) {
        try #require(frame.token == received)
        try #require(frame.body.count == Self.size(of: received))
        try #require(frame.body.allSatisfy { $0 == UInt8(truncatingIfNeeded: received) })
        received += 1
      }
      channel.release()
      if received == Self.frames { break }
      if sent < Self.frames, channel.awaitRoom(for: 2048) { continue }
      if channel.prepareToSleep() { continue }
      try #require(readable(channel.incoming, within: 20_000), "a wake was lost after \(received) frames")
      channel.awake()
    }
    #expect(echo.join() == Self.frames)
  }

  private func readable(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
    var source = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&source, 1, milliseconds) == 1
  }
}

/// A thread that counts something.
@safe final class Thread {
  private var thread = pthread_t()
  private let body: () -> UInt64
  private var result: UInt64 = 0

  init(_ body: @escaping () -> UInt64) {
    self.body = body
    let this = unsafe Unmanaged.passUnretained(self).toOpaque()
    _ = unsafe pthread_create(
      &thread,
      nil,
      { pointer in
        guard let pointer = unsafe pointer else { return nil }
        let this = unsafe Unmanaged<Thread>.fromOpaque(pointer).takeUnretainedValue()
        this.result = this.body()
        return nil
      },
      this
    )
  }

  func join() -> UInt64 {
    pthread_join(thread, nil)
    return result
  }
}
