import CZlib
import CZstd

/// Compresses as a gateway does: one stream, flushed after each message.
@safe final class ZlibCompressor {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  init(level: Int32 = 6) {
    unsafe stream.initialize(to: z_stream())
    unsafe deflateInit_(stream, level, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func compress(_ message: [UInt8], flush: Int32 = Z_SYNC_FLUSH) -> [UInt8] {
    var message = message
    let room = message.count + 4096
    return unsafe message.withUnsafeMutableBufferPointer { bytes in
      unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
        unsafe (stream.pointee.next_in, stream.pointee.avail_in) = (bytes.baseAddress, UInt32(bytes.count))
        unsafe (stream.pointee.next_out, stream.pointee.avail_out) = (output.baseAddress, UInt32(room))
        unsafe deflate(stream, flush)
        count = unsafe room - Int(stream.pointee.avail_out)
      }
    }
  }
}

/// The same with zstd.
@safe final class ZstdCompressor {
  private let context = unsafe ZSTD_createCCtx()

  init(windowLog: Int32 = 0, level: Int32 = 3) {
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  func compress(_ message: [UInt8], end: ZSTD_EndDirective = ZSTD_e_flush) -> [UInt8] {
    unsafe message.withUnsafeBytes { bytes in
      var input = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
      return unsafe [UInt8](unsafeUninitializedCapacity: message.count + 4096) { room, count in
        var output = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        unsafe ZSTD_compressStream2(context, &output, &input, end)
        count = unsafe output.pos
      }
    }
  }
}

/// Messages that are somewhat alike, as those of a gateway are, one empty and one long among them.
let messages: [[UInt8]] = (0..<8).map { number in
  switch number {
  case 3: []
  // Of noise, so that blocks of several kinds and several rooms of output are needed.
  case 5: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 &+ $0 >> 7) }
  default: Array(#"{"t":"MESSAGE_CREATE","s":\#(number),"op":0,"d":{"content":"number \#(number * number)"}}"#.utf8)
  }
}
