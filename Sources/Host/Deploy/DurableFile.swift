internal import Glibc

/// Files that are either as they were or as they were meant to be, whenever the power fails.
struct DurableFile {
  /// Called before and after each durable step with what it is, so that a test can end the process there.
  var step: @Sendable (String) -> Void = { _ in }

  /// Puts a file in the place of another, or where there was none.
  ///
  /// Written beside, flushed, renamed; then the directory is flushed.
  func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(HostError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    step("before \(name)")
    let beside = "\(path).\(getpid())"
    let file = unsafe open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard file >= 0 else { throw HostError(call: "open", path: beside) }
    defer { close(file) }
    // Whatever the mask is: what is for others to read is so whoever applies.
    fchmod(file, mode)
    do throws(HostError) {
      try Self.append(bytes, to: file, path: beside)
      guard fsync(file) == 0 else { throw HostError(call: "fsync", path: beside) }
      step("written \(name)")
      guard unsafe rename(beside, path) == 0 else { throw HostError(call: "rename", path: path) }
    } catch {
      unsafe unlink(beside)
      throw error
    }
    step("renamed \(name)")
    try flushDirectory(of: path)
    step("after \(name)")
  }

  /// Adds a line to the end of a file, behind whatever a failure left there.
  func append(line: [UInt8], to path: String) throws(HostError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    step("before \(name)")
    let file = unsafe open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw HostError(call: "open", path: path) }
    defer { close(file) }
    var last: UInt8 = 0
    let end = lseek(file, 0, SEEK_END)
    let isTorn = unsafe end > 0 && pread(file, &last, 1, end - 1) == 1 && last != UInt8(ascii: "\n")
    try Self.append((isTorn ? [UInt8(ascii: "\n")] : []) + line + [UInt8(ascii: "\n")], to: file, path: path)
    guard fsync(file) == 0 else { throw HostError(call: "fsync", path: path) }
    if end == 0 { try flushDirectory(of: path) }
    step("after \(name)")
  }

  /// Makes what was done in a file's directory last.
  func flushDirectory(of path: String) throws(HostError) {
    let parent = path.split(separator: "/").dropLast().joined(separator: "/")
    let directory = path.hasPrefix("/") ? "/\(parent)" : parent.isEmpty ? "." : parent
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HostError(call: "open", path: directory) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw HostError(call: "fsync", path: directory) }
  }

  private static func append(_ bytes: [UInt8], to file: Int32, path: String) throws(HostError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(file, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw HostError(call: "write", path: path) }
      done += count
    }
  }
}
