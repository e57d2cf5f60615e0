internal import Envelope

extension ManifestValue {
  /// Reads `grants`: each capability with its resources.
  func grants(at location: SourceLocation) -> Grants {
    var grants = Grants(location: location)
    // `grants:` with nothing after it grants nothing.
    guard !isNull else { return grants }
    grants.all = entries { key, value -> [Grant]? in
      guard let capability = key.capability() else { return nil }
      grants.keys[capability] = key.location
      return value.resources(of: capability, key: key.location)
    }.flatMap(\.self)
    return grants
  }

  /// Holds what the operator grants against what the plugin requests, what its kind may hold, and what nobody may.
  func check(_ grants: Grants, of manifest: PluginManifest, tenants: [Tenant], in scope: DeploymentScope) {
    for capability in Capability.allCases {
      guard let key = grants.keys[capability] else { continue }
      let name = "\(self.name).grants.\(capability.name)"
      guard capability.holders.contains(manifest.kind) else {
        diagnostics.report(key, "\(name): \(manifest.kind.withArticle) cannot hold it; \(capability.holdersNeeded)")
        continue
      }
      for grant in grants.all where grant.capability == capability {
        guard let problem = problem(with: grant, of: manifest, tenants, scope) else { continue }
        diagnostics.report(grant.location, "\(name): \(problem)")
      }
    }
  }

  private func problem(
    with grant: Grant,
    of manifest: PluginManifest,
    _ tenants: [Tenant],
    _ scope: DeploymentScope
  ) -> String? {
    guard manifest.requests(grant.capability, grant.resource) else {
      let granted = grant.resource == .everything ? "" : "\(grant.resource) is "
      return "\(granted)granted but not requested by plugin.yml\(manifest.requested(grant.capability))"
    }
    switch (grant.capability, grant.resource) {
    case (.secretsRead, .named(let pattern)):
      // A tenant that is itself wrong may have had it.
      guard scope.tenantsAreWell else { return nil }
      let missing = tenants.first { tenant in !tenant.credentials.keys.contains { pattern.matches($0) } }
      return missing.map { "tenant \($0.id) has no credential \(pattern)" }
    case (_, .path(let prefix)): return prefix.forbidden(stateDirectory: scope.stateDirectory)
    default: return nil
    }
  }

  /// Reports inputs that are not granted: the plugin would wait for ever for what cannot come.
  func checkInputs(of manifest: PluginManifest, against grants: Grants) {
    let granted = grants.all.filter { $0.capability == .subscribe }.map(\.resource)
    for input in manifest.inputs {
      let isGranted = Resource.topics(input.topic).parts.allSatisfy { part in granted.contains { $0.covers(part) } }
      guard !isGranted else { continue }
      let key = grants.keys[.subscribe] ?? grants.location
      diagnostics.report(key, "\(name).grants.subscribe: does not include the input \(input.topic) (\(input.location))")
    }
  }
}

extension PathPrefix {
  /// Trees of the kernel's, which say and change too much.
  private static let kernelTrees = ["/proc", "/sys", "/dev"]

  /// Says why nobody may be granted this path, or nil.
  fileprivate func forbidden(stateDirectory: String) -> String? {
    guard isAbsolute else { return nil }
    // A link could lead where its name does not say.
    for path in [description, resolvedPath(description)].compactMap(\.self) {
      guard let prefix = try? PathPrefix(path) else { continue }
      if prefix.components.isEmpty { return "/ is all there is; name directories" }
      if let tree = Self.kernelTrees.first(where: { (try? PathPrefix($0))?.overlaps(prefix) == true }) {
        return "\(self) is within \(tree), which no plugin may use"
      }
      if let state = try? PathPrefix(stateDirectory), state.overlaps(prefix) {
        return
          "\(self) reaches the host's own files in \(stateDirectory); name a directory without / in front to use the plugin's own"
      }
    }
    return nil
  }
}

extension PluginManifest {
  /// How many resources are listed at most: a line of a terminal or two.
  private static let listedMax = 3

  /// What of a capability it requests, for an error; empty if it is nothing.
  fileprivate func requested(_ capability: Capability) -> String {
    let resources = requests.filter { $0.capability == capability && $0.resource != .everything }.map(\.resource)
    guard !resources.isEmpty else { return "" }
    let listed = resources.prefix(Self.listedMax).map { "\($0)" }
    let rest = resources.count - listed.count
    return ", which requests " + (rest > 0 ? listed + ["\(rest) more"] : listed).spelledOut("and")
  }
}
