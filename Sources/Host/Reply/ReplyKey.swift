internal import CLinux
internal import CSodium
internal import Glibc

/// The key that reply handles are made with: random, this deployment's alone, and kept so that handles outlive a
/// restart.
package final class ReplyKey {
  private let pages: SecretPages
  private let range: Range<Int>

  /// Reads the key from its file, which is made if there is none.
  package init(path: String) throws(HostError) {
    do throws(SecretError) {
      pages = try SecretPages(capacity: ReplyHandles.keySize)
      if unsafe access(path, F_OK) != 0 { try Self.make(path) }
      guard let range = try SecretFile.read(path, into: pages, isText: false), range.count == ReplyHandles.keySize
      else {
        throw SecretError("\(path): expected \(ReplyHandles.keySize) bytes; remove it, and a new one is made")
      }
      self.range = range
    } catch {
      throw HostError("the key of reply handles: \(error)")
    }
  }

  /// Lends the key.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe pages.withBytes(range, body)
  }

  /// Makes the file beside and renames it, so that there is never a part of a key.
  private static func make(_ path: String) throws(SecretError) {
    let fresh = try SecretPages(capacity: ReplyHandles.keySize)
    let beside = "\(path).\(getpid())"
    let file = unsafe open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SecretError("\(beside): \(unsafe String(cString: strerror(errno)))") }
    defer { close(file) }
    let range = unsafe fresh.append(atMost: ReplyHandles.keySize) { into in
      guard let start = into.baseAddress else { return nil }
      unsafe randombytes_buf(start, into.count)
      return into.count
    }
    guard let range else { return }
    let written = unsafe fresh.withBytes(range) { unsafe write(file, $0.baseAddress, $0.count) }
    guard written == ReplyHandles.keySize, fsync(file) == 0, unsafe rename(beside, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      unsafe unlink(beside)
      throw SecretError("\(path): \(reason)")
    }
  }
}
