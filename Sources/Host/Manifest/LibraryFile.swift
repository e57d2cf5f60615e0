internal import CSodium
internal import Glibc
internal import Signing

/// Why a plugin's library cannot be used.
struct LibraryError: Error, CustomStringConvertible {
  /// What stands after the library's path in a message, such as `is not an ELF file`.
  var description: String

  init(_ description: String) {
    self.description = description
  }

  /// A call that failed, with what `errno` says.
  static func failed(_ action: String) -> LibraryError {
    LibraryError("\(action): \(unsafe String(cString: strerror(errno)))")
  }
}

/// A plugin's library, opened once: the descriptor that was hashed is the one that a runner maps.
///
/// Closed when the last reference goes. Reading is by `pread`, so the descriptor's own offset is never used.
package final class LibraryFile: Sendable {
  package let path: String
  /// Open for reading, close-on-exec.
  package let descriptor: Int32
  /// SHA-256 of the whole file, in lower-case hexadecimal.
  package let digest: String
  /// What is signed of the same bytes, read at the same time.
  let signedHash: FileHash
  /// In bytes.
  package let size: Int

  /// Above every plausible library with debug information, in bytes; what is larger was given by mistake.
  private static let sizeMax = 1 << 30

  init(path: String) throws(LibraryError) {
    // O_NONBLOCK: to open a FIFO may not block.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .failed("cannot be opened") }
    do {
      let size = try Self.size(of: descriptor)
      (self.path, self.descriptor, self.size) = (path, descriptor, size)
      (self.digest, self.signedHash) = try Self.hashes(of: descriptor, size: size)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    close(descriptor)
  }

  private static func size(of descriptor: Int32) throws(LibraryError) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .failed("cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw LibraryError("is not a regular file") }
    guard status.st_size <= sizeMax else {
      throw LibraryError("has \(status.st_size) bytes, \(sizeMax) are allowed")
    }
    return status.st_size
  }

  /// Reads the file once for both hashes: read twice, it could be another for each.
  private static func hashes(
    of descriptor: Int32,
    size: Int
  ) throws(LibraryError) -> (digest: String, signed: FileHash) {
    let signed = FileHasher()
    var state = crypto_hash_sha256_state()
    _ = unsafe crypto_hash_sha256_init(&state)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var offset = 0
    while offset < size {
      let count = unsafe pread(descriptor, &buffer, min(buffer.count, size - offset), offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .failed("cannot be read") }
      guard count > 0 else { throw LibraryError("was cut short while it was read") }
      _ = unsafe crypto_hash_sha256_update(&state, buffer, UInt64(count))
      unsafe buffer.withUnsafeBytes { unsafe signed.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += count
    }
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = unsafe crypto_hash_sha256_final(&state, &digest)
    return (digest.hexadecimal, signed.finish())
  }

  /// Reads exactly `count` bytes at `offset`; a range that is not wholly inside the file is nil.
  func bytes(at offset: UInt64, count: Int) throws(LibraryError) -> [UInt8]? {
    guard offset <= UInt64(size), count <= size - Int(offset) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, Int(offset) + done)
      }
      if read < 0 && errno == EINTR { continue }
      guard read >= 0 else { throw .failed("cannot be read") }
      guard read > 0 else { return nil }
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
