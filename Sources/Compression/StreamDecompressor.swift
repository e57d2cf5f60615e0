/// Decompresses messages that are all of one stream, so that each is told in terms of those before it.
///
/// After an error nothing of the stream can be read any more: every further call throws the same.
package protocol StreamDecompressor: AnyObject {
  /// Takes the next piece of the stream.
  ///
  /// - Returns: The message that ends with this piece; nil if it goes on.
  func decompress(_ piece: [UInt8]) throws(CompressionError) -> [UInt8]?
}

/// Where a library writes what it decompresses: one room used again and again, and the message that it is moved to.
@safe
struct Output: ~Copyable {
  /// Bytes of the room; messages are rarely longer.
  private static let roomSize = 64 << 10

  private let messageSizeMax: Int
  private let room: UnsafeMutableBufferPointer<UInt8>
  private var message: [UInt8] = []

  init(messageSizeMax: Int) {
    self.messageSizeMax = messageSizeMax
    unsafe room = .allocate(capacity: Self.roomSize)
  }

  deinit { unsafe room.deallocate() }

  /// Has something written into the room, from its beginning on, and adds as much of it to the message as it says.
  mutating func add(_ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) throws(CompressionError) {
    let count = unsafe write(room)
    guard message.count + count <= messageSizeMax else {
      throw CompressionError("a message: expected at most \(messageSizeMax) bytes once decompressed, found more")
    }
    unsafe message.append(contentsOf: room[..<count])
  }

  /// The message so far; the next begins.
  mutating func take() -> [UInt8] {
    defer { message = [] }
    return message
  }
}
