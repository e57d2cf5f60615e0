internal import Glibc

/// A file that is written at its end and set aside when it is full: `host.log`, then `host.log.1` ..., of which so many
/// are kept.
///
/// Trouble with the disk is told once, when it begins, and once when it has ended; until then lines are lost and
/// counted.
struct LogFile: ~Copyable {
  /// What became of a file, when it is worth telling.
  enum Report {
    case failed(TelemetryError)
    case recovered(lost: Int)
  }

  private let path: String
  private let bytesMax: Int
  private let files: Int
  private var descriptor: CInt = -1
  private var size = 0
  /// Lines that could not be written since the trouble began; nil while there is none.
  private var lost: Int?

  /// Describes the file; it is opened at the first write.
  init(path: String, bytesMax: Int, files: Int) {
    precondition(files >= 1 && bytesMax >= 1, "a log has a file and room in it")
    self.path = path
    self.bytesMax = bytesMax
    self.files = files
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Appends whole lines, all of them or none.
  mutating func append(_ bytes: [UInt8], lines: Int) -> Report? {
    do throws(TelemetryError) {
      if size > 0, size + bytes.count > bytesMax { try rotate() }
      if descriptor < 0 { try open() }
      try write(bytes)
    } catch {
      // It may have been a matter of this descriptor, or of its directory: the next write opens the file anew.
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
      defer { lost = (lost ?? 0) + lines }
      return lost == nil ? .failed(error) : nil
    }
    defer { lost = nil }
    return lost.map { .recovered(lost: $0) }
  }

  /// Writes all that the descriptor takes; returns how many bytes that were, and leaves the reason for less in `errno`.
  static func write(_ bytes: [UInt8], to descriptor: CInt) -> Int {
    unsafe bytes.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        written += count
      }
      return written
    }
  }

  private mutating func open() throws(TelemetryError) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    descriptor = unsafe Glibc.open(path, flags, 0o600)
    guard descriptor >= 0 else { throw TelemetryError("cannot open \(path)", errno: errno) }
    size = max(0, Int(lseek(descriptor, 0, SEEK_END)))
  }

  private mutating func write(_ bytes: [UInt8]) throws(TelemetryError) {
    guard Self.write(bytes, to: descriptor) == bytes.count else {
      let code = errno
      // Half a line would spoil the next one.
      ftruncate(descriptor, off_t(size))
      throw TelemetryError("cannot write to \(path)", errno: code)
    }
    size += bytes.count
  }

  /// Moves each file one number up, over the oldest.
  private mutating func rotate() throws(TelemetryError) {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if files == 1, unsafe unlink(path) != 0, errno != ENOENT {
      throw TelemetryError("cannot remove \(path)", errno: errno)
    }
    for number in stride(from: files - 1, to: 0, by: -1) {
      let from = number == 1 ? path : "\(path).\(number - 1)"
      guard unsafe rename(from, "\(path).\(number)") == 0 || errno == ENOENT else {
        throw TelemetryError("cannot set \(from) aside", errno: errno)
      }
    }
    size = 0
  }
}
