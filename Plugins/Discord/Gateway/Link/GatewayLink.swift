internal import PluginKit

/// Makes connections to a gateway.
@PluginActor
protocol GatewayLink: AnyObject {
  /// Connects, with TLS and the opening handshake of RFC 6455, and returns when messages can flow.
  ///
  /// - Parameters:
  ///   - url: `wss://host/path?query`, or `ws://` where the operator's own server has no TLS; the query is complete.
  ///   - compression: How the server was asked (in the query) to compress what it sends.
  ///   - timeout: How long all of it may take.
  /// - Returns: The connection.
  /// - Throws: Why there is none.
  func connect(to url: String, compression: GatewayCompression, timeout: Duration) async throws(GatewayEnd)
    -> any GatewayConnection
}

/// One connection to a gateway: whole messages, decompressed, in their order.
@PluginActor
protocol GatewayConnection: AnyObject {
  /// Waits for messages and returns all that have come, each the text of one JSON document (not yet parsed).
  ///
  /// - Throws: How the connection ended, once all messages before that have been returned; and from then on.
  func messages() async throws(GatewayEnd) -> [[UInt8]]

  /// When bytes last came, as `Clock.now` said it, in nanoseconds since 1970: any sign of life counts.
  var lastReceived: Int64 { get }

  /// Whether reading is paused because nobody has taken what had come.
  var isPaused: Bool { get }

  /// Sends a text message; never waits. What cannot be sent shows as the end of the connection.
  func send(_ text: [UInt8])

  /// Ends the connection with a close frame of this code, and without waiting for the other side.
  func close(code: UInt16)
}

/// How a gateway compresses what it sends.
enum GatewayCompression: String, Sendable, CaseIterable {
  case none
  case zlibStream = "zlib-stream"
  case zstdStream = "zstd-stream"
}

/// How a connection ended, or why there was none.
enum GatewayEnd: Error, Hashable {
  /// No connection came about: refused, unreachable, no such name, TLS failed, not upgraded; `isTrust` if the
  /// certificate was not to be trusted. In words that name the host.
  case unreachable(String, isTrust: Bool)
  /// The other side closed it, with this code and reason; 1005 if it gave none.
  case closed(code: UInt16, reason: String)
  /// It broke without a close frame.
  case lost(String)
  /// The other side sent what no gateway may send: a malformed frame, a corrupt stream, a message that is too large.
  case broken(String)
  /// This side closed it.
  case ended
}
