internal import Envelope

/// What the operator lets an access instance do with its tenant, or which tenants an instance serves.
///
/// The host enforces none of it, for it knows no provider: the plugin does.
public struct Binding: Sendable, Hashable {
  /// The tenant's lists of what to keep to, by name, such as `guilds`; one that is not there leaves nothing out.
  public let allow: [String: [String]]
  /// The tenants of an instance that serves several, as they were when it started; one that comes later is heard of by
  /// what it is delivered.
  public let tenants: [TenantName]
  /// How fast it may go.
  public let rate: Config
  private let granted: [String: [StarPattern]]

  /// Reads what the host tells; nothing is granted where it tells nothing.
  init(json bytes: [UInt8]) throws(Config.Failure) {
    let whole = try Config(json: bytes, path: "binding")
    allow = try whole.nested("allow").lists()
    tenants = try whole.strings("tenants", default: []).compactMap(TenantName.init)
    rate = try whole.nested("rate", path: "rate")
    granted = try whole.nested("grants").lists().mapValues { $0.map(StarPattern.init) }
  }

  /// The patterns of routes that are granted of a capability on the provider, such as `provider.rest.call`.
  ///
  /// - Returns: None where all of it is granted; nil where nothing is.
  public func grants(_ capability: String) -> [String]? { granted[capability]?.map(\.description) }

  /// Whether a capability on the provider is granted for a route, such as `GET /channels/1/messages`.
  public func allows(_ capability: String, _ route: String = "") -> Bool {
    guard let patterns = granted[capability] else { return false }
    return patterns.isEmpty || patterns.contains { $0.matches(route) }
  }
}

extension Config {
  /// Every key's list of texts.
  fileprivate func lists() throws(Failure) -> [String: [String]] {
    var lists: [String: [String]] = [:]
    for key in json.keys { lists[key] = try strings(key) }
    return lists
  }
}
