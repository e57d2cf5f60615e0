package import Envelope
internal import PluginABI

/// What an access plugin's instance is told of its tenant: what its operator lets it do there.
///
/// The host enforces none of it, since it does not know what a guild or a route is; who holds the credential does.
package struct Binding: Sendable, Hashable {
  /// The tenant's `allow`: lists of texts.
  ///
  /// One that is not there leaves nothing out.
  package var allow: [String: [String]]
  /// The tenant's `rate`, an object.
  package var rate: JSON
  /// The patterns of routes that are granted of each capability on the provider; none: all of them.
  package var grants: [Capability: [String]]

  /// The longest, in bytes of JSON.
  static let sizeMax = Int(PROMETHEAN_BINDING_MAX)

  /// What the instance reads; the same for whatever order it was written in.
  package var json: JSON {
    let patterns = grants.map { ($0.key.name, JSON.array($0.value.map { .string($0) })) }.sorted { $0.0 < $1.0 }
    return ["allow": Tenant.json(allow), "rate": rate.sortedByKey, "grants": .object(JSONObject(patterns))]
  }
}

extension Binding {
  /// What an instance is told that serves several tenants: which they are when it starts, as many as there is room for.
  static func text(ofTenants tenants: [TenantID]) -> String {
    /// Bytes of a tenant in the list, with the longest names and what stands around them.
    let tenantMax = 2 * 63 + 4
    let told = tenants.prefix(sizeMax / tenantMax - 1).map { JSON.string($0.description) }
    return JSON.object(["tenants": .array(told)]).text
  }

  /// What a plugin of that policy is told of a tenant.
  init(_ tenant: Tenant, _ policy: Policy) {
    (allow, rate) = (tenant.allow, tenant.rate)
    let granted = Capability.allCases.filter { $0.syntax == .routes && policy.grants($0) }
    grants = Dictionary(granted.map { ($0, policy.resources(of: $0).routes) }) { first, _ in first }
  }
}

extension [Resource] {
  /// The patterns of routes among them, each once; none if one of them stands for all.
  fileprivate var routes: [String] {
    contains(.everything) ? [] : Set(map(\.description)).sorted()
  }
}

extension ManifestValue {
  /// Reports tenants of which a plugin would be told more than an instance can be.
  func check(_ bindings: [TenantID: Binding]) {
    for (tenant, binding) in bindings.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      let size = binding.json.bytes().count
      guard size > Binding.sizeMax else { continue }
      let parts = "its allow and rate and the routes that are granted"
      report("tenant \(tenant): \(parts) come to \(size) bytes as JSON, expected at most \(Binding.sizeMax)")
    }
  }
}
