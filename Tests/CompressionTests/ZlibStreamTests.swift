import CZlib
import Compression
import Testing

@Suite struct ZlibStreamTests {
  @Test func `each message is whole where the stream is flushed`() throws {
    let (compressor, stream) = (ZlibCompressor(), ZlibStream(messageSizeMax: 1 << 20))
    for message in messages where !message.isEmpty {
      #expect(try stream.decompress(compressor.compress(message)) == message)
    }
  }

  @Test func `a message may come in two pieces, cut at any byte`() throws {
    for cut in 0..<ZlibCompressor().compress(messages[0]).count {
      let (compressor, stream) = (ZlibCompressor(), ZlibStream(messageSizeMax: 1 << 20))
      for message in messages[..<3] {
        let bytes = compressor.compress(message)
        let place = min(cut, bytes.count - 1)
        #expect(try stream.decompress(Array(bytes[..<place])) == nil)
        #expect(try stream.decompress(Array(bytes[place...])) == message)
      }
    }
  }

  @Test func `a message may come byte by byte`() throws {
    let (compressor, stream) = (ZlibCompressor(), ZlibStream(messageSizeMax: 1 << 20))
    for message in messages[6...] {
      let bytes = compressor.compress(message)
      for byte in bytes.dropLast() { try #require(try stream.decompress([byte]) == nil) }
      #expect(try stream.decompress(bytes.suffix(1)) == message)
    }
  }

  @Test func `the mark of a flush within a block is none`() throws {
    // At this level all is stored as it is, the mark with it.
    let message = messages[0] + [0, 0, 0xff, 0xff] + messages[1]
    let bytes = ZlibCompressor(level: 0).compress(message)
    let mark = try #require(bytes.indices.first { bytes[$0...].starts(with: [0, 0, 0xff, 0xff]) })
    try #require(mark + 4 < bytes.count, "the mark is in the middle")
    let stream = ZlibStream(messageSizeMax: 1 << 20)
    #expect(try stream.decompress(Array(bytes[..<(mark + 4)])) == nil)
    #expect(try stream.decompress(Array(bytes[(mark + 4)...])) == message)
  }

  @Test func `what is corrupt is an error, and stays one`() throws {
    let (compressor, stream) = (ZlibCompressor(), ZlibStream(messageSizeMax: 1 << 20))
    _ = try stream.decompress(compressor.compress(messages[0]))
    let error = #expect(throws: CompressionError.self) { try stream.decompress([0x07, 0xff]) }
    #expect(error?.description.contains("invalid block type") == true, "\(error?.description ?? "")")
    let again = #expect(throws: CompressionError.self) { try stream.decompress(compressor.compress(messages[1])) }
    #expect(again == error)
  }

  @Test func `a stream that begins or ends as none does is an error`() throws {
    #expect(throws: CompressionError.self) { try ZlibStream(messageSizeMax: 100).decompress(Array("{}".utf8)) }
    let ended = ZlibCompressor().compress(messages[0], flush: Z_FINISH)
    let error = #expect(throws: CompressionError.self) { try ZlibStream(messageSizeMax: 100).decompress(ended) }
    #expect(error?.description.contains("found its end") == true, "\(error?.description ?? "")")
  }

  @Test func `a message grows to its limit and no further`() throws {
    let bomb = ZlibCompressor().compress([UInt8](repeating: 0, count: 10_000_000))
    #expect(bomb.count < 11_000)
    #expect(try ZlibStream(messageSizeMax: 10_000_000).decompress(bomb)?.count == 10_000_000)
    let error = #expect(throws: CompressionError.self) { try ZlibStream(messageSizeMax: 9_999_999).decompress(bomb) }
    #expect(error?.description == "a message: expected at most 9999999 bytes once decompressed, found more")
  }
}
