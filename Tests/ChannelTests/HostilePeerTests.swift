internal import CChannel
internal import Channel
internal import Glibc
internal import Testing

/// What a plugin can do to memory that it shares with the host.
@Suite struct HostilePeerTests {
  struct Trick: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let play: @Sendable (Peer) -> Void

    init(_ description: String, _ play: @escaping @Sendable (Peer) -> Void) {
      testDescription = description
      self.play = play
    }
  }

  static let onReceiving = [
    Trick("the tail jumps past the capacity") { $0.poke(.tail, ofRing: 1, UInt64(RING_CAPACITY) + 4096) },
    Trick("the tail jumps to the end of numbers") { $0.poke(.tail, ofRing: 1, .max - 7) },
    Trick("the tail goes backwards") { $0.poke(.tail, ofRing: 1, 0) },
    Trick("the tail is not aligned") { $0.poke(.tail, ofRing: 1, $0.peek(.tail, ofRing: 1) + 3) },
    Trick("a frame is longer than any") { peer in
      let at = peer.peek(.tail, ofRing: 1)
      peer.send(body: [1, 2, 3])
      peer.pokeLength(at: at, UInt64(RING_FRAME_MAX) + 1)
    },
    Trick("a frame's length overflows") { peer in
      let at = peer.peek(.tail, ofRing: 1)
      peer.send(body: [1, 2, 3])
      peer.pokeLength(at: at, .max)
    },
    Trick("a frame is longer than what was published") { peer in
      let at = peer.peek(.tail, ofRing: 1)
      peer.send(body: [1, 2, 3])
      peer.pokeLength(at: at, 4096)
    },
    Trick("a frame is shorter than its head") { peer in
      let at = peer.peek(.tail, ofRing: 1)
      peer.send(body: [1, 2, 3])
      peer.pokeLength(at: at, 5)
    },
    Trick("a head says another size") { $0.send(body: [1, 2, 3], claiming: 4) },
    Trick("a head says an enormous size") { $0.send(body: [1, 2, 3], claiming: Int(UInt32.max)) },
  ]

  @Test(arguments: onReceiving)
  func `what cannot be is corrupt when receiving`(trick: Trick) throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    let buffer = Buffer()
    // A frame that was fine, so that there is something to go back behind.
    peer.send(body: [UInt8](repeating: 1, count: 100))
    #expect(try buffer.receive(from: channel) != nil)
    channel.release()
    trick.play(peer)
    #expect(throws: ChannelError.corrupt) { try buffer.receive(from: channel) }
  }

  static let onSending = [
    Trick("the head jumps past what was sent") { $0.poke(.head, ofRing: 0, UInt64(RING_CAPACITY) * 2) },
    Trick("the head goes backwards") { $0.poke(.head, ofRing: 0, 8) },
    Trick("the head jumps to the end of numbers") { $0.poke(.head, ofRing: 0, .max - 7) },
  ]

  @Test(arguments: onSending)
  func `what cannot be is corrupt when sending`(trick: Trick) throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    let body = [UInt8](repeating: 1, count: 1000)
    while try channel.send(body) == .sent {}
    channel.flush()
    _ = peer.receive()
    peer.release()
    #expect(try channel.send(body) == .sent)
    trick.play(peer)
    #expect(throws: ChannelError.corrupt) { while try channel.send(body) == .sent {} }
  }

  @Test func `a peer that never drains costs room, and no time`() throws {
    let channel = try Channel()
    let body = [UInt8](repeating: 1, count: 1000)
    while try channel.send(body) == .sent {}
    channel.flush()
    for _ in 0..<1000 {
      #expect(try channel.send(body) == .full)
      #expect(!channel.awaitRoom(for: body.count))
    }
  }

  @Test func `eventfds full to the brim block nobody`() throws {
    let channel = try Channel()
    let peer = try Peer(channel)
    signal(channel.incoming, .max - 1)
    signal(channel.outgoing, .max - 1)
    peer.poke(.consumerSleeps, ofRing: 0, 1)
    _ = try channel.send([1])
    channel.flush()
    channel.awake()
    #expect(!isReadable(channel.incoming))
    channel.awake()
  }

  /// Changes lengths and the tail as fast as it can while the host reads.
  ///
  /// Whatever comes, a body is within the limit and the process lives.
  @Test func `memory that changes under the reader is at worst corrupt`() async throws {
    for seed in 0..<20 as Range<UInt64> {
      let channel = try Channel()
      let memory = dup(channel.memory)
      let vandal = Task.detached {
        defer { close(memory) }
        var random = Random(state: seed &+ 1)
        let size = 2 * (Int(RING_HEAD) + Int(RING_CAPACITY))
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0)
        guard let base = unsafe mapped else { return }
        let toHost = Int(RING_HEAD) + Int(RING_CAPACITY)
        for _ in 0..<50_000 {
          let length = random.next() % 40
          unsafe base.storeBytes(of: length * 8, toByteOffset: toHost, as: UInt64.self)
          let at = toHost + Int(RING_HEAD) + Int(random.next() % UInt64(RING_CAPACITY / 8)) * 8
          unsafe base.storeBytes(of: random.next() >> (random.next() % 64), toByteOffset: at, as: UInt64.self)
        }
        unsafe munmap(base, size)
      }
      let buffer = Buffer()
      for _ in 0..<50_000 {
        do {
          guard let frame = try buffer.receive(from: channel) else { continue }
          #expect(frame.body.count <= Channel.bodyLimit)
        } catch { #expect(error == .corrupt) }
      }
      await vandal.value
    }
  }
}

/// Numbers that look random and are the same in each run.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
