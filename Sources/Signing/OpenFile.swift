internal import Glibc

/// Files that are open for reading.
enum OpenFile {
  /// Opens a file for as long as `body` runs.
  static func with<Value>(
    _ path: String,
    _ body: (Int32) throws(SigningError) -> Value
  ) throws(SigningError) -> Value {
    // O_NONBLOCK: to open a FIFO may not block.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .failed("cannot be opened") }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  /// Reads a small file whole, into memory that is zeroed.
  static func read(_ descriptor: Int32, sizeMax: Int) throws(SigningError) -> SecretBytes {
    let bytes = SecretBytes(count: sizeMax + 1)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe bytes.withBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress.map { unsafe $0 + filled }, $0.count - filled)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .failed("cannot be read") }
      if count == 0 { return bytes.slice(0..<filled) }
      filled += count
    }
    throw .malformed("expected at most \(sizeMax) bytes")
  }
}
