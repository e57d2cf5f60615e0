internal import Glibc
internal import PluginKit

/// A blob while it comes: a file beside the others that nobody else knows, gone with this object unless it is kept.
///
/// It belongs to the thread of the transfers until the transfer has ended.
final class BlobWriter {
  /// A whole blob that is on the disk and has not got its name yet.
  struct Written: Sendable, Hashable {
    let sha256: String
    let size: Int
    /// Where it lies meanwhile.
    let path: String
  }

  private let path: String
  private var descriptor: Int32
  private var digest = SHA256()
  private var size = 0
  private let sizeMax: Int
  private var isFinished = false

  /// Begins a file in a directory.
  init(in directory: String, sizeMax: Int) throws(FetchError) {
    path = "\(directory)/\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    self.sizeMax = sizeMax
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw Self.failure() }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isFinished { unsafe unlink(path) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FetchError) {
    size += bytes.count
    guard size <= sizeMax else {
      throw FetchError("the body: expected at most \(sizeMax) bytes, which is config.blob_quota, found more")
    }
    unsafe digest.update(bytes.assumingMemoryBound(to: UInt8.self).span)
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Self.failure() }
      unsafe rest = rest.dropFirst(count)
    }
  }

  /// Has all of it on the disk; whoever gets it renames the file or removes it.
  func finish() throws(FetchError) -> Written {
    guard fsync(descriptor) == 0 else { throw Self.failure() }
    let code = close(descriptor)
    descriptor = -1
    guard code == 0 else { throw Self.failure() }
    isFinished = true
    return Written(sha256: Hex.encode(digest.finish()), size: size, path: path)
  }

  private static func failure() -> FetchError {
    FetchError("the body cannot be kept: \(unsafe String(cString: strerror(errno)))")
  }
}
