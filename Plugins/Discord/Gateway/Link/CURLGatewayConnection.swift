internal import CURL
internal import PluginKit
internal import Synchronization
internal import WebSocket

/// A connection to a gateway as the plugin has it; what comes is read on the thread of the streams.
@PluginActor
final class CURLGatewayConnection: GatewayConnection {
  private let stream: CURL.Stream
  private let reader: GatewayReader
  private let clock: Clock
  private let place: String
  private var generator = SystemRandomNumberGenerator()
  /// When bytes last came, by the kernel's clock, and what the host's said then.
  private var received: (kernel: Int64, host: Int64)

  init(_ stream: CURL.Stream, _ reader: GatewayReader, clock: Clock, place: String) {
    (self.stream, self.reader, self.clock, self.place) = (stream, reader, clock, place)
    received = (GatewayReader.monotonic, clock.now.nanoseconds)
  }

  deinit {
    stream.finish()
  }

  func messages() async throws(GatewayEnd) -> [[UInt8]] {
    while true {
      let (messages, wasFull) = try reader.inbox.take()
      if wasFull { stream.resume() }
      guard messages.isEmpty else {
        _ = lastReceived
        return messages
      }
      await reader.inbox.wait()
    }
  }

  /// The host's clock is the plugin's thread's, so what it said is found when that looks, by how long ago it was.
  var lastReceived: Int64 {
    let kernel = reader.lastReceived.load(ordering: .relaxed)
    if kernel > received.kernel {
      received = (kernel, clock.now.nanoseconds - max(0, GatewayReader.monotonic - kernel))
    }
    return received.host
  }

  var isPaused: Bool { reader.inbox.isFull }

  func send(_ text: [UInt8]) {
    guard !stream.send(WebSocketEncoder.frame(.text(text), using: &generator)) else { return }
    // Unless it has ended already, which says more.
    reader.inbox.end(
      .lost("\(place): expected what was sent to be taken, found \(CURL.Stream.outboxMax) bytes waiting")
    )
    stream.finish()
  }

  func close(code: UInt16) {
    reader.inbox.end(.ended)
    _ = stream.send(WebSocketEncoder.frame(.close(WebSocketClose(code: code)), using: &generator))
    stream.finish()
  }
}
