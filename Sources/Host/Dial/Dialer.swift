internal import CLinux
internal import Glibc
internal import PluginABI

/// Makes connections for plugins, which can make none themselves.
///
/// Each has a thread of its own while it is made, so that a name server that is slow for one keeps nobody else waiting;
/// how many an instance may have open is the router's to limit. A name is looked up once: what is connected to is the
/// address that was checked.
package final class Dialer: Sendable {
  /// What is to be connected to.
  package struct Target: Sendable {
    package var endpoint: Endpoint
    package var host: String
    package var port: UInt16
    /// Whether a grant names this very host, so that it may be one of the machine's own or of its network.
    package var isGrantedByName: Bool
  }

  /// A connection that has been made.
  package struct Connection: Sendable {
    /// A nonblocking socket, which is the taker's to close.
    package let descriptor: Int32
    /// Where it leads, `93.184.216.34:443`.
    package let address: String
  }

  /// Why there is no connection.
  package struct Failure: Error, Sendable, CustomStringConvertible {
    /// A PROMETHEAN_ status.
    package let status: Int32
    package let description: String
  }

  /// Finds the addresses of a name, or says why there are none.
  package typealias Resolver = @Sendable (String) -> Result<[IPAddress], Failure>

  /// How long one address may take to answer, ms: three times what a lost first packet costs.
  private static let connectTimeout: Int32 = 5000
  /// Addresses of a name that are tried.
  private static let addressesMax = 4

  private let resolve: Resolver

  /// Makes a dialer.
  ///
  /// - Parameter resolve: How names are looked up; by default as the system does it.
  package init(resolve: @escaping Resolver = Dialer.systemResolver) {
    self.resolve = resolve
  }

  /// Connects on a thread of its own.
  ///
  /// - Parameters:
  ///   - target: Where to.
  ///   - completion: Hears of the end, on that thread.
  /// - Returns: The thread, to be joined once the completion has been called.
  /// - Throws: `HostError` when the system has no thread to give.
  package func dial(
    _ target: Target,
    completion: @escaping @Sendable (Result<Connection, Failure>) -> Void
  ) throws(HostError) -> BackgroundThread {
    try BackgroundThread("dial") { [self] in completion(connect(target)) }
  }

  /// Looks the name up, checks what it leads to, and connects; waits for all of that.
  package func connect(_ target: Target) -> Result<Connection, Failure> {
    let name = "\(target.endpoint)"
    return resolve(target.host).flatMap { found in
      guard !found.isEmpty else {
        return .failure(Failure(status: PROMETHEAN_UNAVAILABLE, description: "\(name): it has no address"))
      }
      let open = target.isGrantedByName ? found : found.filter(\.isPublic)
      guard !open.isEmpty else {
        return .failure(
          Failure(
            status: PROMETHEAN_DENIED,
            description: "\(name): it leads to \(found[0]), which only a grant that names \(target.host) opens"
          )
        )
      }
      return connect(target, to: open.prefix(Self.addressesMax), name: name)
    }
  }

  private func connect(_ target: Target, to addresses: ArraySlice<IPAddress>, name: String) -> Result<
    Connection, Failure
  > {
    var last: Int32 = 0
    for address in addresses {
      var linux = address.linux
      let isUDP: Int32 = target.endpoint.network == .udp ? 1 : 0
      let descriptor = unsafe linux_connect(&linux, target.port, isUDP, Self.connectTimeout)
      if descriptor >= 0 {
        let shown = address.bytes.count == 4 ? "\(address)" : "[\(address)]"
        return .success(Connection(descriptor: descriptor, address: "\(shown):\(target.port)"))
      }
      last = errno
    }
    return .failure(
      Failure(
        status: last == ETIMEDOUT ? PROMETHEAN_TIMEOUT : PROMETHEAN_FAILED,
        description: "\(name): \(unsafe String(cString: strerror(last)))"
      )
    )
  }

  /// Looks names up as every program on this machine does.
  package static let systemResolver: Resolver = { host in
    // Brackets are how an IPv6 address is told from a port.
    let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    var found = [linux_address](repeating: linux_address(), count: 16)
    let count = unsafe linux_resolve(bare, &found, Int32(found.count))
    guard count >= 0 else {
      let reason = unsafe String(cString: gai_strerror(count))
      return .failure(Failure(status: PROMETHEAN_UNAVAILABLE, description: "\(host): \(reason)"))
    }
    return .success(found.prefix(Int(count)).compactMap { IPAddress($0) })
  }
}
