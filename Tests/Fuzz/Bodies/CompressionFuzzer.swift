import Compression

/// A stream is decompressed, or refused for good; no message grows beyond its limit.
///
/// The input is pieces: a byte that says how long the next is, and its bytes.
enum CompressionFuzzer {
  /// Bytes of the largest message: more than are decompressed in one go.
  private static let messageSizeMax = 100_000

  static func run(_ bytes: [UInt8], _ make: (Int) -> any StreamDecompressor) throws {
    let stream = make(messageSizeMax)
    var script = Script(bytes)
    var failure: CompressionError?
    while !script.isOver {
      let piece = script.bytes(Int(script.byte()))
      let result = Result { () throws(CompressionError) in try stream.decompress(piece) }
      switch result {
      case .success(let message):
        try hold(failure == nil, "a stream that goes on behind an error")
        try hold((message?.count ?? 0) <= messageSizeMax, "a message of \(message?.count ?? 0) bytes")
      case .failure(let error):
        try hold(failure == nil || failure == error, "another error than before: \(error)")
        failure = error
      }
    }
  }
}
