internal import CSodium
internal import Glibc
internal import Signing

/// What the bytes of a library come to, of one reading of them all.
///
/// Read twice, the file could be another for each; what is read of it later is held against the hash of its block.
struct LibraryHashes: Sendable {
  /// What is read at once, in bytes: a library has many times that, and one note is read as one block or two.
  static let blockSize = 1 << 16
  private static let blockHashSize = 32

  /// SHA-256 of the whole file, in lower-case hexadecimal.
  let digest: String
  /// What is signed of it.
  let signed: FileHash
  /// BLAKE2b of each block, one after the other.
  private let blocks: [UInt8]

  /// Reads an open file from its beginning, without moving its offset.
  ///
  /// - Parameters:
  ///   - descriptor: The file.
  ///   - size: Its size when it was opened.
  ///   - step: Called before each block is read with where it begins, so that a test can change the file there.
  /// - Throws: `LibraryError`, if it has become shorter too.
  init(of descriptor: Int32, size: Int, step: (Int) -> Void) throws(LibraryError) {
    let hasher = FileHasher()
    var state = crypto_hash_sha256_state()
    _ = unsafe crypto_hash_sha256_init(&state)
    var blocks: [UInt8] = []
    for offset in stride(from: 0, to: size, by: Self.blockSize) {
      step(offset)
      let block = try Self.read(descriptor, at: offset, count: min(Self.blockSize, size - offset))
      _ = unsafe crypto_hash_sha256_update(&state, block, UInt64(block.count))
      unsafe block.withUnsafeBytes { unsafe hasher.update($0) }
      blocks += Self.hash(block)
    }
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = unsafe crypto_hash_sha256_final(&state, &digest)
    (self.digest, signed, self.blocks) = (digest.hexadecimal, hasher.finish(), blocks)
  }

  /// Reads a block again, as it was when the whole was read.
  func block(_ number: Int, of descriptor: Int32, size: Int) throws(LibraryError) -> [UInt8] {
    let offset = number * Self.blockSize
    let block = try Self.read(descriptor, at: offset, count: min(Self.blockSize, size - offset))
    let known = blocks[number * Self.blockHashSize..<(number + 1) * Self.blockHashSize]
    guard Self.hash(block)[...] == known else { throw LibraryError("was changed while it was read") }
    return block
  }

  private static func hash(_ block: [UInt8]) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: blockHashSize)
    _ = unsafe crypto_generichash(&hash, hash.count, block, UInt64(block.count), nil, 0)
    return hash
  }

  private static func read(_ descriptor: Int32, at offset: Int, count: Int) throws(LibraryError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, offset + done)
      }
      if read < 0 && errno == EINTR { continue }
      guard read >= 0 else { throw .failed("cannot be read") }
      guard read > 0 else { throw LibraryError("was cut short while it was read") }
      done += read
    }
    return bytes
  }
}

/// SHA-256 of bytes in memory, in lower-case hexadecimal.
func sha256(_ bytes: [UInt8]) -> String {
  var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
  _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
  return digest.hexadecimal
}

extension [UInt8] {
  fileprivate var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
