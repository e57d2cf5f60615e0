import Compression

/// What of Promethean reads bytes that anybody may have made.
///
/// Each has its inputs in `Corpus` under its name. `make fuzz` looks for more with libFuzzer; the ordinary tests go
/// through those that are there.
enum Fuzzer: String, CaseIterable {
  /// An envelope's binary layout, as C, the host, the runner and the kit read it.
  case envelope
  /// CloudEvents JSON.
  case cloudevents
  /// JSON as the parser and the view read it.
  case json
  /// The host's end of the rings, with a peer that writes what it likes.
  case ring
  /// What the router makes of frames that a runner sends.
  case frames
  /// What the runner makes of the host's frames and of its set-up.
  case runner
  /// A plugin's manifest.
  case manifest
  /// plugins.yml.
  case deployment
  /// The ELF note in a plugin's library.
  case library
  /// minisign's keys and signatures.
  case signature
  /// Topics, URNs, times, and what grants are written in.
  case patterns
  /// What a server answers to the opening handshake of a WebSocket, and the frames that follow.
  case websocket
  /// The file of an index of vectors.
  case vectors
  /// A stream of zlib's.
  case zlib
  /// A stream of zstd's.
  case zstd
  /// Texts that become a model's tokens.
  case tokens
  /// A model's tensors.
  case tensors
  /// What is said of a model of images.
  case vision
  /// The first bytes of what is attached to a message.
  case filetype
  /// A picture that is attached to a message.
  case picture
  /// What is asked for of the past.
  case orders
  /// Where the past of a subreddit goes on.
  case cursors

  /// Tries one input.
  func run(_ bytes: [UInt8]) throws {
    switch self {
    case .envelope: try EnvelopeFuzzer.run(bytes)
    case .cloudevents: try CloudEventsFuzzer.run(bytes)
    case .json: try JSONFuzzer.run(bytes)
    case .ring: try RingFuzzer.run(bytes)
    case .frames: try FramesFuzzer.run(bytes)
    case .runner: try RunnerFuzzer.run(bytes)
    case .manifest: try ManifestFuzzer.run(bytes)
    case .deployment: try DeploymentFuzzer.run(bytes)
    case .library: try LibraryFuzzer.run(bytes)
    case .signature: try SignatureFuzzer.run(bytes)
    case .patterns: try PatternsFuzzer.run(bytes)
    case .websocket: try WebSocketFuzzer.run(bytes)
    case .vectors: try VectorIndexFuzzer.run(bytes)
    case .zlib: try CompressionFuzzer.run(bytes) { ZlibStream(messageSizeMax: $0) }
    case .zstd: try CompressionFuzzer.run(bytes) { ZstdStream(messageSizeMax: $0) }
    case .tokens: try TokensFuzzer.run(bytes)
    case .tensors: try TensorsFuzzer.run(bytes)
    case .vision: try VisionFuzzer.run(bytes)
    case .filetype: try FileTypeFuzzer.run(bytes)
    case .picture: try PictureFuzzer.run(bytes)
    case .orders: try HistoryOrderFuzzer.run(bytes)
    case .cursors: try HistoryCursorFuzzer.run(bytes)
    }
  }
}

/// Something that should hold for every input and does not for this one.
struct Finding: Error, CustomStringConvertible {
  let description: String
}

/// Says what is wrong unless a condition holds.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws(Finding) {
  if !condition { throw Finding(description: what()) }
}
