internal import CSodium
internal import Glibc

/// BLAKE2b-512 of a file: what is signed of it.
package struct FileHash: Hashable, Sendable {
  let bytes: [UInt8]
}

/// Makes the hash of bytes that come in pieces.
@safe package final class FileHasher {
  private static let size = 64
  /// libsodium's, aligned as it demands.
  private let memory = UnsafeMutableRawPointer.allocate(
    byteCount: crypto_generichash_blake2b_statebytes(),
    alignment: 64
  )
  private var state: OpaquePointer { unsafe OpaquePointer(memory) }

  package init() {
    unsafe crypto_generichash_blake2b_init(state, nil, 0, Self.size)
  }

  deinit {
    unsafe memory.deallocate()
  }

  package func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe crypto_generichash_blake2b_update(state, bytes.baseAddress, UInt64(bytes.count))
  }

  /// Ends the hash; called once.
  package func finish() -> FileHash {
    var hash = [UInt8](repeating: 0, count: Self.size)
    unsafe crypto_generichash_blake2b_final(state, &hash, hash.count)
    return FileHash(bytes: hash)
  }
}

extension FileHash {
  /// What is read at once, in bytes: a library has many times that.
  private static let piece = 1 << 18

  /// Hashes an open file from its beginning, without moving its offset.
  package init(of descriptor: Int32) throws(SigningError) {
    let hasher = FileHasher()
    unsafe try Self.read(descriptor) { unsafe hasher.update($0) }
    self = hasher.finish()
  }

  /// Hashes a file.
  package init(path: String) throws(SigningError) {
    self = try OpenFile.with(path) { (file) throws(SigningError) in try FileHash(of: file) }
  }

  /// Reads an open file from its beginning in pieces.
  static func read(_ descriptor: Int32, _ take: (UnsafeRawBufferPointer) -> Void) throws(SigningError) {
    var buffer = [UInt8](repeating: 0, count: piece)
    var offset = 0
    while true {
      let count = unsafe pread(descriptor, &buffer, buffer.count, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .failed("cannot be read") }
      if count == 0 { return }
      unsafe buffer.withUnsafeBytes { unsafe take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += count
    }
  }
}
