internal import CZlib

/// A zlib stream that is flushed after each message: it is whole where the stream says `00 00 FF FF` between two blocks.
@safe
package final class ZlibStream: StreamDecompressor {
  // The four bytes alone could stand anywhere; where a block has ended, on a whole byte, they are the flush.
  private static let mark: UInt32 = 0x0000_ffff
  /// What zlib's `data_type` says between blocks, and where it says how many bits of the last byte are not used.
  private static let (betweenBlocks, unusedBits): (Int32, Int32) = (128, 63)

  /// On the heap, since zlib keeps its address.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var output: Output
  /// The last four bytes that came.
  private var tail: UInt32 = .max
  private var failure: CompressionError?

  /// A stream from its beginning.
  ///
  /// - Parameter messageSizeMax: Bytes of the largest message, decompressed.
  package init(messageSizeMax: Int) {
    output = Output(messageSizeMax: messageSizeMax)
    unsafe stream.initialize(to: z_stream())
    let code = unsafe inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    // The sum stands at the end, which never comes.
    unsafe inflateValidate(stream, 0)
    if code != Z_OK { failure = CompressionError("zlib cannot be used: \(Self.words(code))") }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  package func decompress(_ piece: [UInt8]) throws(CompressionError) -> [UInt8]? {
    if let failure { throw failure }
    guard !piece.isEmpty else { return nil }
    do throws(CompressionError) {
      for byte in piece.suffix(4) { tail = tail << 8 | UInt32(byte) }
      try inflate(piece)
    } catch {
      failure = error
      throw error
    }
    let isWhole =
      unsafe tail == Self.mark
      && stream.pointee.data_type & (Self.betweenBlocks | Self.unusedBits) == Self.betweenBlocks
    return isWhole ? output.take() : nil
  }

  private func inflate(_ piece: [UInt8]) throws(CompressionError) {
    try unsafe piece.withUnsafeBufferPointer { bytes throws(CompressionError) in
      // zlib only reads it.
      unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
      unsafe stream.pointee.avail_in = UInt32(bytes.count)
      var isDone = false
      while !isDone {
        var code = Z_OK
        try unsafe output.add { room in
          unsafe stream.pointee.next_out = room.baseAddress
          unsafe stream.pointee.avail_out = UInt32(room.count)
          // It stops after each block, and says so.
          code = unsafe CZlib.inflate(stream, Z_BLOCK)
          return unsafe room.count - Int(stream.pointee.avail_out)
        }
        let isBetween = unsafe stream.pointee.data_type & Self.betweenBlocks != 0
        // A full room may have left something to write, but not between blocks.
        isDone = unsafe stream.pointee.avail_in == 0 && (stream.pointee.avail_out > 0 || isBetween)
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: throw CompressionError("a zlib stream: expected it to go on, found its end")
        default:
          let words = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? Self.words(code)
          throw CompressionError("a zlib stream: expected what can be decompressed, found: \(words)")
        }
      }
    }
  }

  private static func words(_ code: Int32) -> String {
    unsafe zError(code).map { unsafe String(cString: $0) } ?? "code \(code)"
  }
}
