internal import Glibc

extension RecordFiles {
  /// Some bytes that take the place of others.
  struct Patch {
    let offset: Int64
    let bytes: [UInt8]
  }

  /// Writes over bytes that count, and has that on the disk.
  func overwrite(_ file: Int64, _ patches: [Patch]) throws(JournalError) {
    guard !patches.isEmpty else { return }
    let descriptor = unsafe Glibc.open(path(of: file), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw failure("open", file) }
    defer { Glibc.close(descriptor) }
    for patch in patches {
      var written = 0
      while written < patch.bytes.count {
        let count = unsafe patch.bytes.withUnsafeBytes { bytes in
          let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
          return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(patch.offset) + off_t(written))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("pwrite", file) }
        written += count
      }
    }
    guard fdatasync(descriptor) == 0 else { throw failure("fdatasync", file) }
  }

  /// Overwrites what no run lies in any more, before the first that is left, some of it in a step.
  ///
  /// - Parameters:
  ///   - oldest: Where the first run begins that is left.
  ///   - done: How much was overwritten before.
  /// - Returns: How much is now; nil: all.
  /// - Throws: When the file cannot be written.
  func overwriteTrimmed(before oldest: Place, from done: Int64) throws(JournalError) -> Int64? {
    let end = min(done + Self.overwrittenEach, oldest.offset)
    guard done < end else { return nil }
    try overwrite(oldest.file, [Patch(offset: done, bytes: [UInt8](repeating: 0, count: Int(end - done)))])
    return end < oldest.offset ? end : nil
  }

  /// Bytes that are overwritten in one step: as much as a large commit writes.
  private static var overwrittenEach: Int64 { 1 << 20 }
}
