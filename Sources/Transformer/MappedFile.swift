internal import CSodium
internal import Glibc

/// A file whose bytes are read where the kernel keeps them; it must not be cut short meanwhile.
@safe
final class MappedFile: @unchecked Sendable {
  // Unchecked because of the pointer, behind which nothing changes.

  private let bytes: UnsafeRawBufferPointer

  init(_ path: String) throws(TransformerError) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw TransformerError("\(path): \(unsafe String(cString: strerror(errno)))") }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0, status.st_size > 0 else {
      throw TransformerError("\(path): expected a file with something in it, found none")
    }
    let size = Int(status.st_size)
    guard let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), unsafe start != MAP_FAILED else {
      throw TransformerError("\(path): \(size) bytes: \(unsafe String(cString: strerror(errno)))")
    }
    unsafe bytes = UnsafeRawBufferPointer(start: start, count: size)
  }

  /// The file at a path; nil if there is none.
  convenience init?(ifThere path: String) throws(TransformerError) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0, errno == ENOENT { return nil }
    if file >= 0 { close(file) }
    try self.init(path)
  }

  deinit {
    unsafe munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  var count: Int { unsafe bytes.count }

  /// A copy of some bytes; nil if they are not all there.
  func copy(_ range: Range<Int>) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
    return unsafe Array(bytes[range])
  }

  /// The numbers that stand at some bytes; nil if they are not all there, or not where numbers can be read.
  func numbers(_ range: Range<Int>) -> UnsafePointer<Float>? {
    guard range.lowerBound >= 0, range.upperBound <= count, range.lowerBound % MemoryLayout<Float>.alignment == 0
    else { return nil }
    return unsafe bytes.baseAddress?.advanced(by: range.lowerBound).assumingMemoryBound(to: Float.self)
  }

  /// The SHA-256 digest of all bytes.
  ///
  /// By libsodium, which takes a tenth of a second for what PluginKit's own takes seconds for in a debug build.
  func digest() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = unsafe crypto_hash_sha256(
      &digest,
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
      UInt64(bytes.count)
    )
    return digest
  }

  /// The SHA-256 digest of files' digests, one behind the other; one that is not there counts as a file of nothing.
  static func digest(of files: [MappedFile?]) -> [UInt8] {
    sha256(of: files.flatMap { $0?.digest() ?? sha256(of: []) })
  }

  private static func sha256(of bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
    return digest
  }
}
