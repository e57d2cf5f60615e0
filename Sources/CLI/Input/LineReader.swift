internal import CLinux
internal import Glibc

/// The lines of a file or of standard input, one at a time, so that a file may be larger than memory.
final class LineReader {
  /// What messages call the file.
  let name: String
  private let descriptor: Int32
  private let isOwned: Bool
  private var bytes: [UInt8] = []
  private var start = 0
  private var isAtEnd = false

  private static let chunk = 64 << 10

  /// Opens a file; `-` is standard input.
  init(path: String) throws(CommandError) {
    isOwned = path != "-"
    name = isOwned ? Files.name(of: path) : "stdin"
    guard isOwned else {
      descriptor = STDIN_FILENO
      return
    }
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed("cannot read \(path): \(systemMessage(errno))") }
  }

  deinit { if isOwned, descriptor >= 0 { close(descriptor) } }

  /// The next line without its end, or nil after the last.
  func next() throws(CommandError) -> ArraySlice<UInt8>? {
    var scanned = start
    while true {
      if let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return bytes[start..<end]
      }
      scanned = bytes.count
      if isAtEnd {
        defer { start = bytes.count }
        return start < bytes.count ? bytes[start...] : nil
      }
      scanned -= try fill()
    }
  }

  /// All that is left.
  func rest() throws(CommandError) -> ArraySlice<UInt8> {
    while !isAtEnd { _ = try fill() }
    defer { start = bytes.count }
    return bytes[start...]
  }

  /// Reads some more, and returns by how much what is there has moved to the front.
  private func fill() throws(CommandError) -> Int {
    let moved = start
    bytes.removeFirst(moved)
    start = 0
    let used = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Self.chunk))
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress.map { unsafe $0 + used }, Self.chunk)
    }
    let code = errno
    bytes.removeLast(Self.chunk - max(count, 0))
    if count < 0, code != EINTR { throw .failed("cannot read \(name): \(systemMessage(code))") }
    isAtEnd = count == 0
    return moved
  }
}
