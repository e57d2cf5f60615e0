internal import CSodium

/// A SHA-256 digest that is made as the bytes come.
struct SHA256 {
  /// Bytes of a digest.
  static let size = 32

  private var state = crypto_hash_sha256_state()

  init() {
    unsafe crypto_hash_sha256_init(&state)
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    unsafe crypto_hash_sha256_update(&state, base, UInt64(bytes.count))
  }

  /// The digest in hexadecimal; the last that is asked of this value.
  mutating func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Self.size)
    unsafe crypto_hash_sha256_final(&state, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
