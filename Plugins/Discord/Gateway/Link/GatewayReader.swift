internal import CURL
internal import Compression
internal import Glibc
internal import ProviderKit
internal import Synchronization
internal import WebSocket

/// Makes messages of the bytes that a gateway sends: answer to the handshake, frames, decompression; and answers what
/// needs no plugin.
final class GatewayReader: StreamReceiver, @unchecked Sendable {
  // Unchecked: but for the inbox and the time it is of the thread of the streams.

  /// Bytes of the largest message, compressed and not; a guild of ten thousand channels has four million.
  static let messageSizeMax = 16 << 20

  private enum Stage {
    case opening(WebSocketHandshake)
    case open
    case over
  }

  let inbox = GatewayInbox()
  /// When bytes last came, in nanoseconds of the kernel's monotonic clock.
  let lastReceived = Atomic(GatewayReader.monotonic)
  private let address: GatewayAddress
  private let authorities: String
  private let decompressor: (any StreamDecompressor)?
  private let opened: (Result<Void, GatewayEnd>) -> Void
  private var stage: Stage
  private var decoder = WebSocketDecoder(messageSizeMax: messageSizeMax)
  private var generator = SystemRandomNumberGenerator()
  /// What has come and is not in the inbox yet.
  private var messages: [[UInt8]] = []

  /// Makes a reader.
  ///
  /// - Parameters:
  ///   - address: Where the gateway is.
  ///   - authorities: The file that its certificate is checked against.
  ///   - compression: How it was asked to compress.
  ///   - opened: Hears once whether the handshake succeeded.
  init(
    _ address: GatewayAddress,
    authorities: String,
    compression: GatewayCompression,
    opened: @escaping (Result<Void, GatewayEnd>) -> Void
  ) {
    (self.address, self.authorities, self.opened) = (address, authorities, opened)
    decompressor =
      switch compression {
      case .none: nil
      case .zlibStream: ZlibStream(messageSizeMax: Self.messageSizeMax)
      case .zstdStream: ZstdStream(messageSizeMax: Self.messageSizeMax)
      }
    stage = .opening(
      WebSocketHandshake(host: address.authority, target: address.target, using: &generator)
    )
  }

  static var monotonic: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  // MARK: - StreamReceiver

  var takesBytes: Bool { !inbox.isFull }

  func begin(_ stream: CURL.Stream) {
    guard case .opening(let handshake) = stage else { return }
    _ = stream.send(handshake.request)
  }

  func receive(_ bytes: Span<UInt8>, from stream: CURL.Stream) {
    lastReceived.store(Self.monotonic, ordering: .relaxed)
    var offset = 0
    do {
      if case .opening(var handshake) = stage {
        let isOpen = try handshake.read(bytes, from: &offset)
        stage = isOpen ? .open : .opening(handshake)
        if isOpen {
          stream.settle()
          opened(.success(()))
        }
      }
      while case .open = stage, let message = try decoder.next(in: bytes, from: &offset) { try take(message, stream) }
      give()
    } catch {
      give()
      fail("\(address.place): \(error)", stream)
    }
  }

  func rest() { inbox.wake() }

  func end(_ error: CURLError) {
    switch stage {
    case .opening: opened(.failure(.unreachable(error, at: address, authorities: authorities)))
    case .open: inbox.end(.lost("\(address.place): \(error)"))
    case .over: break
    }
    stage = .over
  }

  // MARK: - Messages

  private func take(_ message: WebSocketMessage, _ stream: CURL.Stream) throws {
    switch message {
    case .text(let bytes): messages.append(bytes)
    case .binary(let bytes):
      guard let decompressor else {
        throw ProviderError("expected text, for no compression was asked for, found a binary message")
      }
      guard let text = try decompressor.decompress(bytes) else { return }
      guard (try? UTF8Span(validating: text.span)) != nil else {
        throw ProviderError("a message: expected UTF-8 once decompressed, found other bytes")
      }
      messages.append(text)
    case .ping(let bytes): _ = stream.send(WebSocketEncoder.frame(.pong(bytes), using: &generator))
    case .pong: break
    case .close(let close):
      give()
      stage = .over
      inbox.end(.closed(code: close.code, reason: close.reason))
      part(stream)
    }
  }

  /// Says goodbye by a code that is not 1000 or 1001, also to a server that said one of those: a session would end by it.
  private func part(_ stream: CURL.Stream) {
    _ = stream.send(WebSocketEncoder.frame(.close(WebSocketClose(code: 4000)), using: &generator))
    stream.finish()
  }

  private func give() {
    inbox.add(messages)
    messages.removeAll(keepingCapacity: true)
  }

  private func fail(_ words: String, _ stream: CURL.Stream) {
    if case .opening = stage {
      opened(.failure(.unreachable(words, isTrust: false)))
    } else {
      inbox.end(.broken(words))
    }
    stage = .over
    part(stream)
  }
}
