internal import CLinux
internal import Envelope
internal import Glibc

/// Where a command prints: results on one descriptor, remarks and errors on another.
///
/// Results are gathered and written in large pieces; `flush` writes what is there, which a command with a stream of
/// results does before it waits for more.
final class Console {
  /// Why a result could not be written.
  enum Failure: Error, Equatable {
    /// The reader has gone, as in `promethean tap | head -1`: no fault, and nothing left to do.
    case closed
    /// The system's code, as after a full disk.
    case failed(errno: Int32)
  }

  let output: Int32
  let errors: Int32
  /// The colours of results.
  let style: Style
  /// The width of the terminal in cells, or nil if results do not go to one.
  let width: Int?
  private var pending: [UInt8] = []

  /// What is gathered before it is written, in bytes.
  private static let bufferSize = 64 << 10

  /// Prints to descriptors that stay the caller's, in colour if it is wanted and the output is a terminal.
  init(output: Int32 = STDOUT_FILENO, errors: Int32 = STDERR_FILENO, isColored: Bool = true) {
    self.output = output
    self.errors = errors
    width = Self.width(of: output)
    style = Style(isColored: isColored && width != nil)
  }

  /// Prints a line of results.
  func line(_ text: String) throws(Failure) {
    pending.append(contentsOf: text.utf8)
    pending.append(UInt8(ascii: "\n"))
    if pending.count >= Self.bufferSize { try flush() }
  }

  /// Prints a document as one line.
  func json(_ value: JSON) throws(Failure) {
    pending.append(contentsOf: value.bytes())
    pending.append(UInt8(ascii: "\n"))
    if pending.count >= Self.bufferSize { try flush() }
  }

  /// Prints text that ends its own lines.
  func text(_ text: String) throws(Failure) {
    pending.append(contentsOf: text.utf8)
    if pending.count >= Self.bufferSize { try flush() }
  }

  /// Prints a line beside the results, at once; that it cannot be printed is nobody's loss.
  func remark(_ text: String) {
    var bytes = Array(text.utf8)
    bytes.append(UInt8(ascii: "\n"))
    try? Self.write(bytes, to: errors)
  }

  /// Prints a question beside the results, which is answered on the same line.
  func prompt(_ text: String) {
    try? Self.write(Array(Cells.printable(text).utf8), to: errors)
  }

  /// Writes what has been printed so far.
  func flush() throws(Failure) {
    let bytes = pending
    pending.removeAll(keepingCapacity: true)
    try Self.write(bytes, to: output)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
      }
      if written >= 0 {
        done += written
      } else if errno == EPIPE {
        throw .closed
      } else if errno != EINTR {
        throw .failed(errno: errno)
      }
    }
  }

  private static func width(of descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
