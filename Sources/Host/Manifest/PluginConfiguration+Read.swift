internal import Envelope
internal import Signing
internal import YAML

/// What the reading of one plugin's entry needs from around it.
struct DeploymentScope {
  var tenants: [Tenant]
  /// Whether all that the file says of its tenants could be read, so that what is missing is missing.
  var tenantsAreWell: Bool
  /// Whose signatures of libraries are trusted.
  var keys: [PublicKey]
  var libraries: LibrarySource
  /// Where the host keeps its own files; no plugin is granted a path there.
  var stateDirectory: String
}

extension PluginConfiguration {
  /// Reads an entry of `plugins`; nil when anything was reported.
  static func read(_ key: ManifestValue, _ value: ManifestValue, in scope: DeploymentScope) -> PluginConfiguration? {
    let diagnostics = value.diagnostics
    diagnostics.plugin = key.plainText
    defer { diagnostics.plugin = nil }
    let before = diagnostics.count
    guard let id = key.token() else { return nil }
    let configuration = value.fields { read(id, at: key.location, $0, in: scope) } ?? nil
    return diagnostics.count == before ? configuration : nil
  }

  private static func read(
    _ id: String,
    at location: SourceLocation,
    _ fields: ManifestFields,
    in scope: DeploymentScope
  ) -> PluginConfiguration? {
    let named = fields.required("library")
    // One that cannot be read is reported, and enough to leave the plugin out.
    let trust = fields.optional("trust").map { $0.choice(LibraryTrust.self) ?? .unsigned } ?? .signed
    let opened = named?.library(scope.libraries, of: id, trust, keys: scope.keys)
    let enabled = fields.optional("enabled")?.flag() ?? true
    let selectors = fields.required("tenants")?.selectors() ?? []
    let replicas = fields.optional("replicas")?.integer(in: 1...64) ?? 1
    let require = fields.optional("require")?.choice(SandboxLevel.self) ?? .landlock
    let placement = fields.optional("placement")?.choice(Placement.self) ?? .process
    let limits = fields.optional("limits").map { Limits($0) } ?? Limits()
    let beforeGrants = fields.value.diagnostics.count
    let grants =
      fields.optional("grants").map { $0.grants(at: fields.location(of: "grants")) } ?? Grants(location: location)
    let grantsAreWell = fields.value.diagnostics.count == beforeGrants
    let config = fields.optional("config")
    guard let opened else { return nil }

    let (library, manifest, origin) = opened
    if manifest.id != id {
      let library = fields.location(of: "library")
      fields.value.report("the library is the plugin \"\(manifest.id)\"; its entry must be named so", at: library)
    }
    let bound = select(selectors, manifest, fields, in: scope)
    if replicas > 1 && manifest.kind != .worker {
      fields.optional("replicas")?.report("only a worker has replicas, \(id) is \(manifest.kind.withArticle)")
    }
    let tenants = scope.tenants.filter { bound.contains($0.id) }
    fields.value.check(grants, of: manifest, tenants: tenants, in: scope)
    if grantsAreWell { fields.value.checkInputs(of: manifest, against: grants) }
    let json = config.map { manifest.config.read($0) } ?? manifest.config.readAbsent(fields.value)
    guard let json else { return nil }
    let tenantsLocation = fields.location(of: "tenants")
    let policy = Policy(plugin: id, grants: grants, tenants: bound, tenantsLocation: tenantsLocation)
    let told = manifest.kind == .access ? tenants.map { ($0.id, Binding($0, policy)) } : []
    let bindings = Dictionary(told) { first, _ in first }
    fields.value.check(bindings)
    return PluginConfiguration(
      id: id,
      library: library,
      trust: trust,
      origin: origin,
      manifest: manifest,
      enabled: enabled,
      selectors: selectors,
      boundTenants: bound,
      replicas: replicas,
      grants: grants,
      policy: policy,
      limits: limits,
      require: require,
      placement: placement,
      config: json,
      configRev: revision([json]),
      bindings: bindings,
      location: location
    )
  }

  /// Finds the tenants that are meant, and reports selectors that mean none or another provider's.
  private static func select(
    _ selectors: [TenantSelector],
    _ manifest: PluginManifest,
    _ fields: ManifestFields,
    in scope: DeploymentScope
  ) -> [TenantID] {
    func report(_ selector: TenantSelector, _ message: String) {
      fields.value.diagnostics.report(selector.location, "\(fields.value.name).tenants: \(message)")
    }
    for selector in selectors {
      if let provider = selector.provider, let own = manifest.provider, provider != own {
        report(selector, "\(selector) is a tenant of \(provider), \(manifest.id) speaks \(own)")
      } else if scope.tenantsAreWell, !scope.tenants.contains(where: { selector.matches($0.id) }) {
        report(selector, "there is no tenant \(selector)")
      }
    }
    return scope.tenants.map(\.id).filter { id in
      (manifest.provider ?? id.provider) == id.provider && selectors.contains { $0.matches(id) }
    }
  }
}

extension ManifestValue {
  fileprivate func selectors() -> [TenantSelector] {
    guard let selectors = listOrNil({ TenantSelector($0) }) else { return [] }
    if case .sequence(let nodes) = node.content, nodes.isEmpty { report("expected at least one tenant") }
    return selectors
  }
}

extension PluginKind {
  var withArticle: String { self == .access ? "an access plugin" : "a \(self)" }
}

extension ConfigSchema {
  /// The configuration of an operator who wrote none.
  fileprivate func readAbsent(_ entry: ManifestValue) -> JSON? {
    if let absent { return absent }
    entry.report("\"config\" is missing; the plugin requires \(required.spelledOut("and"))")
    return nil
  }
}
