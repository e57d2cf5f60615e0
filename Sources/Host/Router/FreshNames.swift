internal import Glibc

/// Ids and traces for envelopes whose sender gave none, written where they can be lent without an allocation.
///
/// An id is unique across restarts: it begins with this run's own random prefix, and a count follows.
@safe
final class FreshNames {
  private let prefix: UInt64
  private var count: UInt64 = 0
  private var random: UInt64
  private let id: UnsafeMutableRawBufferPointer
  private let trace: UnsafeMutableRawBufferPointer

  init() {
    var generator = SystemRandomNumberGenerator()
    prefix = generator.next()
    random = generator.next() | 1
    unsafe id = .allocate(byteCount: 33, alignment: 1)
    unsafe trace = .allocate(byteCount: 55, alignment: 1)
    unsafe write(prefix, to: id, at: 0)
    unsafe id[16] = UInt8(ascii: "-")
    for (index, byte) in "00-00000000000000000000000000000000-0000000000000000-01".utf8.enumerated() {
      unsafe trace[index] = byte
    }
  }

  deinit {
    unsafe id.deallocate()
    unsafe trace.deallocate()
  }

  /// This run's prefix, by which what it named is told from what an earlier one did.
  var run: String {
    unsafe String(decoding: id[..<16], as: UTF8.self)
  }

  /// The next id; valid until the one after.
  func nextID() -> UnsafeRawBufferPointer {
    count += 1
    unsafe write(count, to: id, at: 17)
    return unsafe UnsafeRawBufferPointer(id)
  }

  /// The next W3C traceparent; valid until the one after.
  func nextTrace() -> UnsafeRawBufferPointer {
    unsafe write(nextRandom(), to: trace, at: 3)
    unsafe write(nextRandom(), to: trace, at: 19)
    unsafe write(nextRandom(), to: trace, at: 36)
    return unsafe UnsafeRawBufferPointer(trace)
  }

  /// xorshift64*: ids of traces must differ, not be secret.
  private func nextRandom() -> UInt64 {
    random ^= random >> 12
    random ^= random << 25
    random ^= random >> 27
    return random &* 0x2545_f491_4f6c_dd1d
  }

  private func write(_ value: UInt64, to buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    for place in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(place))) & 15
      unsafe buffer[offset + place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
  }
}
