/// A short, stable name for some bytes: FNV-1a of 64 bits.
///
/// It tells copies from changes; it keeps nothing secret.
struct Digest {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  }

  /// Sixteen digits or less.
  var text: String { String(state, radix: 16) }
}
