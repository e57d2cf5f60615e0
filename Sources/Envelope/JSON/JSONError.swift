/// The reason why some bytes are not JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The line, from 1.
  public let line: Int
  /// The column in characters, from 1.
  public let column: Int
  /// What was expected and what was found.
  public let message: String

  /// The message for people.
  public var description: String { "\(line):\(column): \(message)" }

  /// Creates an error at an offset of some bytes.
  init(_ message: String, at offset: Int, of bytes: [UInt8]) {
    let before = bytes[..<min(offset, bytes.count)]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    // Bytes that continue a character are not columns.
    column = before[lineStart...].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    self.message = message
  }
}
