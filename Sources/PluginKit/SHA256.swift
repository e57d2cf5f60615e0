/// A SHA-256 digest (FIPS 180-4) that is made as the bytes come.
///
/// It is written in Swift so that plugins need no library for it: such a library costs each process more memory than
/// all that they digest.
public struct SHA256: Sendable {
  /// Bytes of a digest.
  public static let size = 32

  /// Bytes that are mixed in at once.
  private static let blockSize = 64
  /// Bytes of the length at the end.
  private static let lengthSize = 8

  private var state: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// The beginning of the next block: `filled` bytes.
  private var block = InlineArray<64, UInt8>(repeating: 0)
  private var filled = 0
  /// All bytes so far.
  private var count: UInt64 = 0

  /// A digest of nothing yet.
  public init() {}

  /// Goes on with some bytes.
  public mutating func update(_ bytes: Span<UInt8>) {
    count += UInt64(bytes.count)
    var next = 0
    if filled > 0 {
      next = min(bytes.count, Self.blockSize - filled)
      fill(bytes, 0..<next)
      guard filled == Self.blockSize else { return }
      Self.mix(block.span, at: 0, into: &state)
      filled = 0
    }
    // Whole blocks are not copied.
    while bytes.count - next >= Self.blockSize {
      Self.mix(bytes, at: next, into: &state)
      next += Self.blockSize
    }
    fill(bytes, next..<bytes.count)
  }

  /// The digest's 32 bytes; there is nothing to be added after it.
  public consuming func finish() -> [UInt8] {
    let bits = count * 8
    // A one, zeros, and the length at the end of the last block.
    var end: [UInt8] = [0x80]
    end += repeatElement(0, count: (2 * Self.blockSize - Self.lengthSize - 1 - filled) % Self.blockSize)
    end += (0..<Self.lengthSize).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
    update(end.span)
    var digest: [UInt8] = []
    digest.reserveCapacity(Self.size)
    for index in state.indices {
      for shift in [24, 16, 8, 0] { digest.append(UInt8(truncatingIfNeeded: state[index] >> shift)) }
    }
    return digest
  }

  /// The digest of bytes that are all there.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = SHA256()
    digest.update(bytes.span)
    return digest.finish()
  }

  private mutating func fill(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for index in range { block[filled + index - range.lowerBound] = bytes[index] }
    filled += range.count
  }
}

// MARK: - Rounds

extension SHA256 {
  private static let constants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]

  /// Mixes in the block of 64 bytes that begins there.
  private static func mix(_ bytes: Span<UInt8>, at start: Int, into state: inout InlineArray<8, UInt32>) {
    var words = InlineArray<64, UInt32>(repeating: 0)
    for index in 0..<16 {
      let place = start + 4 * index
      words[index] =
        UInt32(bytes[place]) << 24 | UInt32(bytes[place + 1]) << 16 | UInt32(bytes[place + 2]) << 8
        | UInt32(bytes[place + 3])
    }
    for index in 16..<64 {
      let (near, far) = (words[index - 2], words[index - 15])
      let low = turned(far, 7) ^ turned(far, 18) ^ far >> 3
      let high = turned(near, 17) ^ turned(near, 19) ^ near >> 10
      words[index] = words[index - 16] &+ low &+ words[index - 7] &+ high
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let wide = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
      let first = h &+ wide &+ (e & f ^ ~e & g) &+ constants[index] &+ words[index]
      let second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ (a & b ^ a & c ^ b & c)
      (a, b, c, d, e, f, g, h) = (first &+ second, a, b, c, d &+ first, e, f, g)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }

  private static func turned(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
}
