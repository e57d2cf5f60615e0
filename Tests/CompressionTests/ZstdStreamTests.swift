import CZstd
import Compression
import Testing

@Suite struct ZstdStreamTests {
  @Test func `each piece is a message, of several blocks if it is long`() throws {
    let (compressor, stream) = (ZstdCompressor(), ZstdStream(messageSizeMax: 1 << 20))
    for message in messages where !message.isEmpty {
      #expect(try stream.decompress(compressor.compress(message)) == message)
    }
  }

  @Test func `another frame may follow the end of one`() throws {
    let (compressor, stream) = (ZstdCompressor(), ZstdStream(messageSizeMax: 1 << 20))
    for message in messages { #expect(try stream.decompress(compressor.compress(message, end: ZSTD_e_end)) == message) }
  }

  @Test func `what is corrupt is an error, and stays one`() throws {
    let (compressor, stream) = (ZstdCompressor(), ZstdStream(messageSizeMax: 1 << 20))
    _ = try stream.decompress(compressor.compress(messages[0]))
    let error = #expect(throws: CompressionError.self) { try stream.decompress([0xff, 0xff, 0xff, 0xff]) }
    #expect(error?.description.contains("a zstd stream") == true, "\(error?.description ?? "")")
    let again = #expect(throws: CompressionError.self) { try stream.decompress(compressor.compress(messages[1])) }
    #expect(again == error)
    #expect(throws: CompressionError.self) { try ZstdStream(messageSizeMax: 100).decompress(Array("{\"op\":10}".utf8)) }
  }

  @Test func `a message grows to its limit and no further`() throws {
    let bomb = ZstdCompressor().compress([UInt8](repeating: 0, count: 10_000_000))
    #expect(bomb.count < 11_000)
    #expect(try ZstdStream(messageSizeMax: 10_000_000).decompress(bomb)?.count == 10_000_000)
    let error = #expect(throws: CompressionError.self) { try ZstdStream(messageSizeMax: 9_999_999).decompress(bomb) }
    #expect(error?.description == "a message: expected at most 9999999 bytes once decompressed, found more")
  }

  @Test func `a stream that wants too much memory is an error`() throws {
    let bytes = ZstdCompressor(windowLog: 24).compress(messages[0])
    let error = #expect(throws: CompressionError.self) { try ZstdStream(messageSizeMax: 1 << 20).decompress(bytes) }
    #expect(error?.description.contains("too much memory") == true, "\(error?.description ?? "")")
    let allowed = ZstdCompressor(windowLog: 23).compress(messages[0])
    #expect(try ZstdStream(messageSizeMax: 1 << 20).decompress(allowed) == messages[0])
  }
}
