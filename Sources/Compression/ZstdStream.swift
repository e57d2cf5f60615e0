internal import CZstd

/// A zstd stream that is flushed after each message, so that a piece is a message, though not a whole frame of zstd's.
@safe
package final class ZstdStream: StreamDecompressor {
  /// The largest window that is kept, as a power of two: the 8 MiB that RFC 8878 asks all to support, and no more than
  /// that, since the stream says itself how much memory it takes.
  private static let windowLogMax: Int32 = 23

  private let context = unsafe ZSTD_createDStream()
  private var output: Output
  private var failure: CompressionError?

  /// A stream from its beginning.
  ///
  /// - Parameter messageSizeMax: Bytes of the largest message, decompressed.
  package init(messageSizeMax: Int) {
    output = Output(messageSizeMax: messageSizeMax)
    let code = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogMax)
    if ZSTD_isError(code) != 0 { failure = CompressionError("zstd cannot be used: \(Self.words(code))") }
  }

  deinit { unsafe ZSTD_freeDStream(context) }

  package func decompress(_ piece: [UInt8]) throws(CompressionError) -> [UInt8]? {
    if let failure { throw failure }
    do throws(CompressionError) {
      try unsafe piece.withUnsafeBufferPointer { bytes throws(CompressionError) in
        var input = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isDone = false
        while !isDone {
          var code = 0
          try unsafe output.add { room in
            var written = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            code = unsafe ZSTD_decompressStream(context, &written, &input)
            // A full room may have left something to write.
            isDone = unsafe input.pos == input.size && written.pos < written.size
            return unsafe written.pos
          }
          guard ZSTD_isError(code) == 0 else {
            throw CompressionError("a zstd stream: expected what can be decompressed, found: \(Self.words(code))")
          }
        }
      }
    } catch {
      failure = error
      throw error
    }
    return output.take()
  }

  private static func words(_ code: Int) -> String { unsafe String(cString: ZSTD_getErrorName(code)) }
}
