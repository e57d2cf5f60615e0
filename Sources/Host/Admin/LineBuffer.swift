/// Bytes as they come, given back as lines.
struct LineBuffer {
  /// The most bytes of a line, its end included; a longer one is an error rather than memory.
  let lineMax: Int
  private var bytes: [UInt8] = []
  /// Where the next line begins.
  private var start = 0
  /// How far no end of a line has been found.
  private var scanned = 0

  /// What is read at once, in bytes.
  private static let chunk = 64 << 10

  init(lineMax: Int) { self.lineMax = lineMax }

  /// Whether a whole line is there.
  var hasLine: Bool { bytes[scanned...].contains(UInt8(ascii: "\n")) }

  /// Appends what `read` puts into the room it is given.
  ///
  /// - Returns: What `read` returned: the number of bytes, or less than one if there were none.
  mutating func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    if start > 0 {
      bytes.removeFirst(start)
      scanned -= start
      start = 0
    }
    let used = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Self.chunk))
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(UnsafeMutableRawBufferPointer(rebasing: $0[used...]))
    }
    bytes.removeLast(Self.chunk - max(count, 0))
    return count
  }

  /// The next whole line without its end, or nil if there is none yet.
  mutating func next() throws(AdminClientError) -> ArraySlice<UInt8>? {
    guard let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
      scanned = bytes.count
      guard bytes.count - start < lineMax else { throw .invalid("a line of more than \(lineMax) bytes") }
      return nil
    }
    defer {
      start = end + 1
      scanned = start
    }
    return bytes[start..<end]
  }
}
