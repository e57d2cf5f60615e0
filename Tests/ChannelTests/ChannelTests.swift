internal import CChannel
internal import Channel
internal import Glibc
internal import Testing

/// Room for any frame.
@safe final class Buffer {
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Channel.frameLimit, alignment: 16)

  deinit { unsafe bytes.deallocate() }

  func receive(from channel: Channel) throws(ChannelError) -> (op: UInt16, token: UInt64, body: [UInt8])? {
    guard let frame = try unsafe channel.receive(into: bytes) else { return nil }
    return (frame.op, frame.token, unsafe [UInt8](frame.body))
  }
}

extension Channel {
  func send(op: UInt16 = 1, argument: Int16 = 0, token: UInt64 = 0, _ body: [UInt8]) throws(ChannelError) -> SendResult
  {
    let result = unsafe body.withUnsafeBytes { bytes in
      Result<SendResult, ChannelError> { () throws(ChannelError) in
        try unsafe send(op: op, argument: argument, token: token, bytes)
      }
    }
    return try result.get()
  }
}

@Suite struct ChannelTests {
  @Test(arguments: [0, 1, 7, 8, 9, 255, 4096, 65_536, Channel.bodyLimit])
  func `a frame comes out as it went in, both ways and many times around the ring`(size: Int) throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    let buffer = Buffer()
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for round in 0..<UInt64(3 * Int(RING_CAPACITY) / max(size, 4096)) {
      #expect(try channel.send(op: 32, argument: -5, token: round, body) == .sent)
      channel.flush()
      let received = try #require(peer.receive())
      #expect(received.head.op == 32 && received.head.argument == -5 && received.head.token == round)
      #expect(received.body == body)
      peer.release()
      #expect(peer.send(op: 4, token: round, body: body) == RING_OK)
      let sent = try #require(try buffer.receive(from: channel))
      #expect(sent.op == 4 && sent.token == round && sent.body == body)
      channel.release()
    }
    #expect(try buffer.receive(from: channel) == nil)
  }

  @Test func `a body over the limit is refused`() throws {
    let channel = try Channel()
    let size = Channel.bodyLimit + 1
    #expect(throws: ChannelError.tooLarge(size)) { try channel.send([UInt8](repeating: 0, count: size)) }
  }

  @Test func `what is not flushed is not seen`() throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    #expect(try channel.send([1]) == .sent)
    #expect(peer.receive() == nil)
    channel.flush()
    #expect(peer.receive()?.body == [1])
  }

  @Test func `a full ring takes nothing until the peer has made room, and the peer says so`() throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    let body = [UInt8](repeating: 7, count: 1000)
    var sent = 0
    while try channel.send(body) == .sent { sent += 1 }
    #expect(sent == Int(RING_CAPACITY) / 1024)
    channel.flush()
    #expect(!channel.awaitRoom(for: body.count))
    #expect(!isReadable(channel.incoming))
    _ = peer.receive()
    peer.release()
    #expect(isReadable(channel.incoming))
    channel.awake()
    #expect(channel.awaitRoom(for: body.count))
    #expect(try channel.send(body) == .sent)
    #expect(try channel.send(body) == .full)
  }

  @Test func `a ring without room says another thing than one without a frame`() throws {
    let peer = try Peer(try Channel())
    var status = RING_OK
    while status == RING_OK { status = peer.send(body: [UInt8](repeating: 7, count: 1000)) }
    #expect(status == RING_FULL)
    #expect(status != RING_EMPTY)
  }

  @Test func `a plugin that waits for room is woken by a release`() throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    let buffer = Buffer()
    let body = [UInt8](repeating: 7, count: 1000)
    while peer.send(body: body) == RING_OK {}
    #expect(!peer.waitForRoom(1024))
    _ = try buffer.receive(from: channel)
    #expect(!isReadable(channel.outgoing))
    channel.release()
    #expect(isReadable(channel.outgoing))
    #expect(peer.send(body: body) == RING_OK)
  }

  @Test func `only a peer that sleeps is woken, and once`() throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    _ = try channel.send([1])
    channel.flush()
    #expect(!isReadable(channel.outgoing))
    #expect(!channel.prepareToSleep())
    peer.send(body: [1])
    #expect(isReadable(channel.incoming))
    channel.awake()
    peer.send(body: [2])
    #expect(!isReadable(channel.incoming))
    #expect(channel.prepareToSleep())
  }

  @Test func `the memory can be neither shrunk nor grown`() throws {
    let channel = try Channel()
    #expect(ftruncate(channel.memory, 4096) == -1)
    #expect(ftruncate(channel.memory, 4 * off_t(RING_CAPACITY)) == -1)
    #expect(fcntl(channel.memory, F_GETFD) & FD_CLOEXEC != 0)
  }
}

func isReadable(_ descriptor: Int32) -> Bool {
  var source = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&source, 1, 0) == 1
}
