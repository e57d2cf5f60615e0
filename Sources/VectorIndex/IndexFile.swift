internal import Glibc

/// The file of an index: read whole, and written beside itself, so that what is under its name is whole or old.
///
/// Nothing waits for the disk: what a loss of power leaves is told by its checksum, and made again from the database.
package struct IndexFile: Sendable {
  package let path: String

  /// Bytes that are read or written at once: no more than a reader notices.
  private static let pieceSize = 1 << 20

  package init(path: String) {
    self.path = path
  }

  /// The file's bytes; nil if there is none, or one of more than `sizeMax`.
  package func read(sizeMax: Int) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var state = stat()
    guard unsafe fstat(file, &state) == 0, state.st_size <= sizeMax else { return nil }
    let size = Int(state.st_size)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
      while count < size {
        let rest = unsafe bytes.baseAddress.map { unsafe $0 + count }
        let read = unsafe Glibc.read(file, rest, min(size - count, Self.pieceSize))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { return }
        count += read
      }
    }
    return bytes.count == size ? bytes : nil
  }

  /// Writes the file; what was there stays until all of it is written.
  package func write(_ bytes: [UInt8]) throws(VectorIndexError) {
    let new = path + ".new"
    let file = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure(new) }
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { bytes in
        unsafe Glibc.write(file, bytes.baseAddress.map { unsafe $0 + done }, min(bytes.count - done, Self.pieceSize))
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        let failure = failure(new)
        close(file)
        unsafe unlink(new)
        throw failure
      }
      done += written
    }
    close(file)
    guard unsafe rename(new, path) == 0 else { throw failure(path) }
  }

  /// Takes the file away, if there is one.
  package func remove() {
    unsafe unlink(path)
  }

  private func failure(_ path: String) -> VectorIndexError {
    VectorIndexError(.io, "\(path): \(unsafe String(cString: strerror(errno)))")
  }
}
