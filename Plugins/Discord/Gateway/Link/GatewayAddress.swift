internal import PluginKit

/// Where a gateway is: `wss://host/path?query`, or `ws://` without TLS.
struct GatewayAddress {
  /// The same with the scheme that the opening handshake is of.
  private let url: WebURL

  /// Reads a URL; nil for what is none of a gateway's.
  init?(_ text: String) {
    let schemes = [("wss://", "https://"), ("ws://", "http://")]
    guard let (scheme, plain) = schemes.first(where: { text.prefix($0.0.count).lowercased() == $0.0 }),
      let url = WebURL(plain + text.dropFirst(scheme.count))
    else { return nil }
    self.url = url
  }

  var isSecure: Bool { url.isSecure }
  var host: String { url.host }
  var port: UInt16 { url.port }
  /// Path and query.
  var target: String { url.target }
  /// The host, and the port where it is not the scheme's own: what the field `Host` says.
  var authority: String { String(url.origin.dropFirst(isSecure ? "https://".count : "http://".count)) }
  /// What a message names it by: without the query.
  var place: String { "\(host):\(port)" }
}
