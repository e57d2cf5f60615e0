internal import Envelope

/// What applying plugins.yml would do, from the generation that runs.
package struct Plan: Sendable, Hashable {
  /// What happens to a plugin, from the least to the most.
  package enum Action: String, CaseIterable, Sendable {
    case none
    /// The host alone keeps what changes; its instances go on.
    case hot
    /// A new generation of its instances takes over.
    case reload
    case start
    case stop
  }

  /// What happens to one plugin, and why.
  package struct Plugin: Sendable, Hashable {
    package var id: String
    package var action: Action
    /// A clause each, such as `grants` or `limits.memory: 64MiB -> 128MiB`.
    package var reasons: [String] = []
    /// The SHA-256 of its library, before and after; nil where it does not run.
    package var oldLibrary: String?
    package var newLibrary: String?
    package var config: [SettingChange] = []
    /// Against what runs.
    package var gained: [String] = []
    package var lost: [String] = []
  }

  /// The generation that it starts from; nil: nothing has run yet.
  package var base: Int?
  /// In the order of their ids.
  package var plugins: [Plugin]
  /// Settings of the host; what is not hot waits for the next start.
  package var host: [SettingChange]
  /// Tenants that come, go or change.
  package var tenants: [SettingChange]
  /// What each plugin gains against what was approved, by id: what `--approve` would agree to.
  package var widened: [String: [String]]
  /// The digest of the effective configuration that is wanted.
  package var desired: String
  /// The SHA-256 of each plugin's library that is wanted.
  package var libraries: [String: String]

  /// How it ends for a shell.
  package enum Verdict: Int32, Sendable {
    case nothing = 0
    case changes = 2
    case needsApproval = 3
  }

  package var verdict: Verdict {
    if !widened.isEmpty { return .needsApproval }
    return isEmpty ? .nothing : .changes
  }

  /// Whether nothing would change.
  package var isEmpty: Bool {
    plugins.allSatisfy { $0.action == .none } && host.isEmpty && tenants.isEmpty
  }

  /// The digest of all that it depends on: where it starts, what is wanted, and with which libraries.
  package var fingerprint: String {
    let sorted = libraries.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
    let all: JSON = [
      "base": base.map { .int(Int64($0)) } ?? .null, "desired": .string(desired),
      "libraries": .object(JSONObject(sorted)),
    ]
    return sha256(all.bytes())
  }

  /// Says what has changed since an earlier plan was made; nil if it is still exactly what would be done.
  package func changed(since earlier: Plan) -> String? {
    guard fingerprint != earlier.fingerprint else { return nil }
    func name(_ base: Int?) -> String { base.map { "generation \($0)" } ?? "nothing" }
    if base != earlier.base { return "it starts from \(name(earlier.base)), and \(name(base)) runs now" }
    for (plugin, digest) in libraries.sorted(by: { $0.key < $1.key })
    where earlier.libraries[plugin] ?? digest != digest {
      return "the library of \(plugin) is another one since"
    }
    return "plugins.yml says something else since"
  }
}

// MARK: - Making

extension Plan {
  /// Compares what runs with what is wanted.
  ///
  /// - Parameters:
  ///   - generation: The number of the generation that runs.
  ///   - base: What runs; nil: nothing yet.
  ///   - desired: What is wanted.
  ///   - approved: What plugins.lock says; nil: there is none, and what runs counts as approved.
  package init(from generation: Int?, _ base: Deployment?, to desired: Deployment, approved: Lock?) {
    self.base = generation
    let (before, after) = (base?.running ?? [:], desired.running)
    plugins = Set(before.keys).union(after.keys).sorted().map { id in
      Plugin(id, from: before[id], in: base, to: after[id], in: desired)
    }
    host = base.map { Self.changes(from: $0.host, to: desired.host) } ?? []
    tenants = Self.changes(from: base?.tenants ?? [], to: desired.tenants)
    self.desired = desired.fingerprint
    libraries = after.mapValues(\.library.digest)
    let approvals = approved?.plugins ?? base?.approvals ?? [:]
    widened = [:]
    for (id, approval) in desired.approvals {
      let gained = GrantDifference(from: approvals[id], to: approval).gained
      if !gained.isEmpty { widened[id] = gained }
    }
  }

  private static func changes(from old: HostSettings, to new: HostSettings) -> [SettingChange] {
    zip(old.settings, new.settings).filter { $0.value != $1.value }.map { old, new in
      SettingChange(name: new.name, old: old.value, new: new.value)
    }
  }

  private static func changes(from old: [Tenant], to new: [Tenant]) -> [SettingChange] {
    let (before, after) = (byID(old), byID(new))
    return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { id in
      SettingChange(name: id, old: before[id], new: after[id])
    }
  }

  private static func byID(_ tenants: [Tenant]) -> [String: JSON] {
    Dictionary(tenants.map { ("\($0.id)", $0.json) }) { first, _ in first }
  }

  /// Whether a setting of the host changes without a new start.
  package static func isHot(_ setting: String) -> Bool {
    HostSettings().settings.contains { $0.name == setting && $0.isHot }
  }
}

extension Deployment {
  /// The plugins that are not disabled, by id.
  fileprivate var running: [String: PluginConfiguration] {
    Dictionary(plugins.filter(\.enabled).map { ($0.id, $0) }) { first, _ in first }
  }
}

extension Plan.Plugin {
  fileprivate init(
    _ id: String,
    from old: PluginConfiguration?,
    in base: Deployment?,
    to new: PluginConfiguration?,
    in desired: Deployment
  ) {
    self.init(id: id, action: .none)
    (oldLibrary, newLibrary) = (old?.library.digest, new?.library.digest)
    let grants = GrantDifference(from: old?.approval, to: new?.approval)
    (gained, lost) = (grants.gained, grants.lost)
    switch (old, new) {
    case (nil, nil): break
    case (nil, _?): action = .start
    case (_?, nil):
      action = .stop
      reasons = [desired.plugin(id) == nil ? "it is no longer in plugins.yml" : "it is disabled"]
    case (let old?, let new?):
      compare(old, new)
      if let base { compareTenants(of: new, base, desired) }
    }
  }

  private mutating func need(_ action: Plan.Action, _ reason: String) {
    reasons.append(reason)
    if action == .reload || self.action == .none { self.action = action }
  }

  private mutating func compare(_ old: PluginConfiguration, _ new: PluginConfiguration) {
    if old.library.digest != new.library.digest {
      let versions = (old.manifest.version, new.manifest.version)
      let shown = versions.0 == versions.1 ? "version \(versions.0) still" : "version \(versions.0) -> \(versions.1)"
      need(.reload, "library: \(shown)")
    }
    let (before, after) = (old.approval, new.approval)
    if before.lines != after.lines { need(.reload, "grants") }
    config = PluginConfiguration.configChanges(from: old, to: new)
    if !config.isEmpty { need(.reload, "config: \(config.map(\.name).joined(separator: ", "))") }
    if old.require != new.require { need(.reload, "require: \(old.require) -> \(new.require)") }
    if old.placement != new.placement { need(.reload, "placement: \(old.placement) -> \(new.placement)") }
    if old.replicas != new.replicas { need(.reload, "replicas: \(old.replicas) -> \(new.replicas)") }
    if before.trust != after.trust { need(.hot, "trust: \(before.trust) -> \(after.trust)") }
    if before.tenants != after.tenants {
      // An access plugin has an instance for each: one comes or goes, the others stay.
      need(new.manifest.kind == .access ? .hot : .reload, "tenants: \(Self.names(of: after))")
    }
    for (old, new) in zip(old.limits.settings, new.limits.settings) where old.value != new.value {
      need(new.isHot ? .hot : .reload, "limits.\(new.name): \(Self.plain(old.value)) -> \(Self.plain(new.value))")
    }
  }

  /// A tenant's plugin is told at its start what stands there.
  private mutating func compareTenants(of plugin: PluginConfiguration, _ base: Deployment, _ desired: Deployment) {
    guard plugin.manifest.kind == .access else { return }
    for id in plugin.boundTenants {
      let (old, new) = (base.tenants.first { $0.id == id }, desired.tenants.first { $0.id == id })
      if let old, let new, old.json != new.json { need(.reload, "tenant \(id)") }
    }
  }

  private static func names(of approval: Approval) -> String {
    approval.tenants.map { "\($0)" }.joined(separator: ", ")
  }

  private static func plain(_ value: JSON) -> String { value.stringValue ?? (value.isNull ? "none" : value.text) }
}
