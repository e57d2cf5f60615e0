import CChannel
import Glibc

@testable import Channel

/// The host's end of the rings stays within its own memory, whatever the peer writes and whenever.
enum RingFuzzer {
  /// More steps tell nothing new.
  private static let stepsMax = 64

  static func run(_ bytes: [UInt8]) throws {
    let channel = try Channel()
    let peer = try SharedMemory(channel.memory)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Channel.frameLimit, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var script = Script(bytes)
    for _ in 0..<stepsMax where !script.isOver { unsafe try step(&script, channel, peer, buffer) }
  }

  private static func step(
    _ script: inout Script,
    _ channel: Channel,
    _ peer: SharedMemory,
    _ buffer: UnsafeMutableRawBufferPointer
  ) throws {
    switch script.byte() % 9 {
    case 0: peer.set(.toHostTail, to: script.number())
    case 1: peer.set(.toPluginHead, to: script.number())
    case 2: peer.set(.toHostTail, to: UInt64(script.number(UInt16.self)))
    case 3: peer.set(.toPluginHead, to: UInt64(script.number(UInt16.self)))
    case 4:
      let place = Int(script.number(UInt16.self))
      let count = Int(script.byte())
      peer.write(script.bytes(count), at: place)
    case 5: try unsafe receive(channel, buffer)
    case 6:
      channel.release()
      _ = channel.prepareToSleep()
      channel.awake()
    case 7:
      let body = [UInt8](repeating: 7, count: Int(script.number(UInt16.self)) * 3)
      _ = try? unsafe body.withUnsafeBytes { try unsafe channel.send(op: 1, token: 2, $0) }
      channel.flush()
    default: _ = channel.awaitRoom(for: Int(script.number(UInt16.self)))
    }
  }

  /// Takes all frames, none of which is larger than what was promised.
  private static func receive(_ channel: Channel, _ buffer: UnsafeMutableRawBufferPointer) throws {
    // The smallest frame that is one has a head, and its length before it.
    let most = Int(RING_CAPACITY) / (MemoryLayout<wire_frame>.size + Int(RING_ALIGN))
    var count = 0
    while let frame = unsafe (try? channel.receive(into: buffer)) ?? nil {
      count += 1
      try hold(count <= most, "more than \(most) frames in a ring")
      try hold(unsafe frame.body.count <= Channel.bodyLimit, "a body of \(unsafe frame.body.count) bytes")
      let end = unsafe frame.body.isEmpty ? nil : frame.body.last
      _ = end
    }
  }
}

/// The rings as a peer sees them that keeps to nothing.
@safe private final class SharedMemory {
  /// Where the indices of the peer's lie; see `struct ring_shared`.
  enum Index: Int {
    case toPluginHead = 64
    // One ring is a page of indices and its data.
    case toHostTail = 528_384
  }

  private static let size = 2 * (Int(RING_HEAD) + Int(RING_CAPACITY))

  private let base: UnsafeMutableRawPointer

  init(_ descriptor: Int32) throws {
    let mapped = unsafe mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw Finding(description: "no memory") }
    unsafe base = mapped
  }

  deinit {
    unsafe munmap(base, Self.size)
  }

  func set(_ index: Index, to value: UInt64) {
    unsafe base.storeBytes(of: value, toByteOffset: index.rawValue, as: UInt64.self)
  }

  /// Writes into the data of the ring to the host.
  func write(_ bytes: [UInt8], at place: Int) {
    let data = unsafe base + Index.toHostTail.rawValue + Int(RING_HEAD) + place
    unsafe bytes.withUnsafeBytes {
      unsafe data.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(data), byteCount: $0.count)
    }
  }
}
