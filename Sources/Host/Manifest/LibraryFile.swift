internal import CLinux
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
/// Closed when the last reference goes. Reading is by `pread`, so the descriptor's own offset is never used, and nothing
/// is mapped, so that whoever cuts the file short does the host no harm. All that is read of it is of the bytes that were
/// hashed, or is refused.
package final class LibraryFile: Sendable {
  package let path: String
  /// Open for reading, close-on-exec.
  package let descriptor: Int32
  /// In bytes.
  package let size: Int
  /// Which file it was, and when it had been changed last, before it was read.
  let stamp: FileStamp
  private let hashes: LibraryHashes

  /// SHA-256 of the whole file, in lower-case hexadecimal.
  package var digest: String { hashes.digest }
  /// What is signed of the same bytes, read at the same time.
  var signedHash: FileHash { hashes.signed }

  /// What a file is to be like that it is opened.
  struct Terms {
    /// Whether a symbolic link is gone by.
    var followsLinks = true
    /// Whether nobody may have it open for writing: so that no half of what is written in place is taken for a whole.
    var isFinished = false
    /// In bytes; by default above every plausible library with debug information, so that what is larger was given by
    /// mistake.
    var sizeMax = 1 << 30
    /// Called before each block is read with where it begins.
    var step: (Int) -> Void = { _ in }
  }

  init(path: String, _ terms: Terms = Terms()) throws(LibraryError) {
    // O_NONBLOCK: to open a FIFO may not block.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (terms.followsLinks ? 0 : O_NOFOLLOW)
    let descriptor = unsafe open(path, flags)
    guard descriptor >= 0 else { throw .failed("cannot be opened") }
    do {
      let stamp = try Self.stamp(of: descriptor, sizeMax: terms.sizeMax)
      if terms.isFinished { try Self.checkFinished(descriptor) }
      let hashes = try LibraryHashes(of: descriptor, size: stamp.size, step: terms.step)
      if terms.isFinished { try Self.checkFinished(descriptor) }
      (self.path, self.descriptor, self.size) = (path, descriptor, stamp.size)
      (self.stamp, self.hashes) = (stamp, hashes)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    close(descriptor)
  }

  private static func stamp(of descriptor: Int32, sizeMax: Int) throws(LibraryError) -> FileStamp {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .failed("cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw LibraryError("is not a regular file") }
    guard status.st_size <= sizeMax else {
      throw LibraryError("has \(status.st_size) bytes, \(sizeMax) are allowed")
    }
    return FileStamp(status)
  }

  /// How often, 5 ms apart, somebody is given the time to close a file.
  ///
  /// The kernel tells of the close before it is over, and a process that is being spawned has a copy of every
  /// descriptor for a moment, on a busy machine for longer.
  private static let finishTries = 200

  private static func checkFinished(_ descriptor: Int32) throws(LibraryError) {
    for _ in 0..<finishTries {
      if linux_is_open_for_writing(descriptor) == 0 { return }
      poll(nil, 0, 5)
    }
    throw LibraryError("is being written")
  }

  /// Reads exactly `count` bytes at `offset`; a range that is not wholly inside the file is nil.
  func bytes(at offset: UInt64, count: Int) throws(LibraryError) -> [UInt8]? {
    guard offset <= UInt64(size), count <= size - Int(offset) else { return nil }
    let range = Int(offset)..<Int(offset) + count
    var bytes: [UInt8] = []
    while bytes.count < count {
      let (number, start) = (range.lowerBound + bytes.count).quotientAndRemainder(dividingBy: LibraryHashes.blockSize)
      bytes += try hashes.block(number, of: descriptor, size: size).dropFirst(start).prefix(count - bytes.count)
    }
    return bytes
  }
}

/// What tells whether a file is still the one that was looked at, and as it was.
struct FileStamp: Sendable, Hashable {
  private let device: UInt64
  private let node: UInt64
  let size: Int
  private let modified: Int64
  private let changed: Int64

  init(_ status: stat) {
    var status = status
    (device, node, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int(status.st_size))
    (modified, changed) = unsafe (linux_modified(&status), linux_changed(&status))
  }
}
