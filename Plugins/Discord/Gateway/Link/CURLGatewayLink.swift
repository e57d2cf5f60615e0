internal import CURL
internal import PluginKit
internal import WebSocket

/// Connects to gateways over connections that the host makes, all on one thread.
@PluginActor
final class CURLGatewayLink: GatewayLink {
  private let context: Context
  private let authorities: String
  private let streams: StreamThread

  /// Starts the thread; the certificates of gateways are checked against those of the authorities in a file.
  init(context: Context, authorities: String) throws(CURLError) {
    (self.context, self.authorities) = (context, authorities)
    streams = try StreamThread()
  }

  func connect(to url: String, compression: GatewayCompression, timeout: Duration) async throws(GatewayEnd)
    -> any GatewayConnection
  {
    let began = context.clock.now.nanoseconds
    guard let address = GatewayAddress(url) else {
      throw .unreachable("the gateway's URL: expected wss://host/?query, found \"\(url.prefix(256))\"", isTrust: false)
    }
    let connection: Connection
    do throws(HostError) {
      connection = try await context.dial(address.host, port: address.port)
    } catch {
      throw .unreachable("\(address.place): \(error.message)", isTrust: false)
    }
    let left = timeout - .nanoseconds(context.clock.now.nanoseconds - began)
    guard left > .zero else {
      throw .unreachable("\(address.place): the time was over when the connection was made", isTrust: false)
    }
    let options = CURL.Stream.Options(
      host: address.host,
      port: address.port,
      isSecure: address.isSecure,
      authorities: authorities,
      timeout: left
    )
    return try await open(options, over: connection.release(), address, compression)
  }

  /// Ends all connections and the thread.
  func stop() {
    streams.stop()
  }

  private func open(
    _ options: CURL.Stream.Options,
    over descriptor: Int32,
    _ address: GatewayAddress,
    _ compression: GatewayCompression
  ) async throws(GatewayEnd) -> any GatewayConnection {
    var made: CURLGatewayConnection?
    let result: Result<Void, GatewayEnd> = await withCheckedContinuation { continuation in
      let reader = GatewayReader(address, authorities: authorities, compression: compression) {
        continuation.resume(returning: $0)
      }
      do throws(CURLError) {
        let stream = try streams.open(options, over: descriptor, into: reader)
        made = CURLGatewayConnection(stream, reader, clock: context.clock, place: address.place)
      } catch {
        continuation.resume(returning: .failure(.unreachable(error, at: address, authorities: authorities)))
      }
    }
    try result.get()
    guard let made else { throw .ended }
    return made
  }
}

extension GatewayEnd {
  /// What went wrong under way, with what was expected.
  static func unreachable(_ error: CURLError, at address: GatewayAddress, authorities: String) -> GatewayEnd {
    let expected: String? =
      switch error.kind {
      case .certificate: "a certificate for \(address.host), valid now, of an authority in \(authorities)"
      case .encryption: "TLS 1.2 or later"
      case .timeout: "an answer to the opening handshake in time"
      case .connection: "an answer to the opening handshake"
      default: nil
      }
    let words = expected.map { "expected \($0), found: \(error)" } ?? "\(error)"
    return .unreachable("\(address.place): \(words)", isTrust: error.kind == .certificate || error.kind == .encryption)
  }
}
