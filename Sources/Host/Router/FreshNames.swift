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
  ///
  /// - Returns: The text, and what `HopTable.identity` would read from it.
  func nextTrace() -> (text: UnsafeRawBufferPointer, identity: UInt64) {
    // An identity of 0 would be no trace.
    let identity = max(1, nextRandom())
    unsafe write(nextRandom(), to: trace, at: 3)
    unsafe write(identity, to: trace, at: 19)
    unsafe write(nextRandom(), to: trace, at: 36)
    return unsafe (UnsafeRawBufferPointer(trace), identity)
  }

  /// xorshift64*: ids of traces must differ, not be secret.
  private func nextRandom() -> UInt64 {
    random ^= random >> 12
    random ^= random << 25
    random ^= random >> 27
    return random &* 0x2545_f491_4f6c_dd1d
  }

  private func write(_ value: UInt64, to buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    unsafe buffer.storeBytes(of: Self.hexadecimal(value >> 32), toByteOffset: offset, as: UInt64.self)
    unsafe buffer.storeBytes(of: Self.hexadecimal(value & 0xffff_ffff), toByteOffset: offset + 8, as: UInt64.self)
  }

  /// The eight digits of a number below 2^32, as they lie in memory: three traces are written for each envelope, so all
  /// digits at once.
  private static func hexadecimal(_ value: UInt64) -> UInt64 {
    var digits = (value | value << 16) & 0x0000_ffff_0000_ffff
    digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff
    digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // 1 in each byte that is a letter: those above 9.
    let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    let distance = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    return (digits &+ 0x3030_3030_3030_3030 &+ letters &* distance).bigEndian
  }
}
