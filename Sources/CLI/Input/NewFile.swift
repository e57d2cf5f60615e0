internal import Glibc
internal import Signing

/// Writing files so that nobody finds a part of one.
enum NewFile {
  /// Creates a file that must not be there yet.
  static func create(_ path: String, _ bytes: SecretBytes, mode: mode_t) throws(CommandError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw .failed(
        "cannot create \(path): \(errno == EEXIST ? "it exists, and is left as it is" : systemMessage(errno))"
      )
    }
    do throws(CommandError) {
      try fill(descriptor, path, bytes)
    } catch {
      unsafe unlink(path)
      throw error
    }
  }

  /// Puts a file in the place of the one that may be there, whole or not at all.
  static func replace(_ path: String, _ text: String) throws(CommandError) {
    let beside = "\(path).\(getpid())"
    try create(beside, SecretBytes(copying: Array(text.utf8)), mode: 0o644)
    guard unsafe rename(beside, path) == 0 else {
      let code = errno
      unsafe unlink(beside)
      throw .failed("cannot write \(path): \(systemMessage(code))")
    }
  }

  /// Writes all of a file, and closes it.
  private static func fill(_ descriptor: Int32, _ path: String, _ bytes: SecretBytes) throws(CommandError) {
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withBytes {
        unsafe write(descriptor, $0.baseAddress.map { unsafe $0 + done }, $0.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .failed("cannot write \(path): \(systemMessage(errno))") }
      done += count
    }
    guard fsync(descriptor) == 0 else { throw .failed("cannot write \(path): \(systemMessage(errno))") }
  }
}
