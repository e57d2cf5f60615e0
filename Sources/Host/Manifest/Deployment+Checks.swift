internal import Envelope

/// What is wrong between plugins that are well by themselves.
extension Deployment {
  func checkTenants(_ diagnostics: Diagnostics) {
    var seen: [TenantID: SourceLocation] = [:]
    for tenant in tenants {
      if let first = seen.updateValue(tenant.location, forKey: tenant.id) {
        diagnostics.report(
          tenant.location,
          "tenants: \(tenant.id) stands here a second time; first in line \(first.line)"
        )
      }
    }
  }

  /// Reports plugins that cannot run beside each other, and takes the later of each pair out.
  ///
  /// - Parameters:
  ///   - diagnostics: Where to report.
  ///   - isWhole: Whether every plugin could be read. If not, who serves what is not yet known, so nobody is accused
  ///     of lacking it.
  mutating func removeConflicting(_ diagnostics: Diagnostics, isWhole: Bool) {
    let before = diagnostics.count
    for (index, plugin) in plugins.enumerated() where plugin.enabled {
      diagnostics.plugin = plugin.id
      for other in plugins[..<index] where other.enabled {
        plugin.checkAgainst(other, diagnostics)
      }
      if isWhole { checkServers(of: plugin, diagnostics) }
      diagnostics.plugin = nil
    }
    if isWhole { checkCycles(diagnostics) }
    let broken = Set(diagnostics.all.dropFirst(before).compactMap(\.plugin))
    plugins.removeAll { broken.contains($0.id) }
  }

  /// Reports granted effects that nobody performs for one of the plugin's tenants.
  private func checkServers(of plugin: PluginConfiguration, _ diagnostics: Diagnostics) {
    for capability in plugin.servedGrants {
      guard let location = plugin.grants.keys[capability] else { continue }
      let lacking = plugin.boundTenants.filter { server(of: capability, for: $0) == nil }
      guard !lacking.isEmpty else { continue }
      let whom = lacking.count == plugin.boundTenants.count ? "" : " for " + lacking.map { "\($0)" }.spelledOut("and")
      diagnostics.report(
        location,
        "plugins.\(plugin.id).grants.\(capability.name): no enabled plugin provides it\(whom)"
      )
    }
  }

  /// Reports plugins that, through others, wait for themselves.
  private func checkCycles(_ diagnostics: Diagnostics) {
    var finished: Set<String> = []
    for plugin in plugins where plugin.enabled && !finished.contains(plugin.id) {
      follow(plugin, along: [], &finished, diagnostics)
    }
  }

  private func follow(
    _ plugin: PluginConfiguration,
    along path: [String],
    _ finished: inout Set<String>,
    _ diagnostics: Diagnostics
  ) {
    let path = path + [plugin.id]
    for (capability, server) in needs(of: plugin) where !finished.contains(server.id) {
      if let start = path.firstIndex(of: server.id) {
        let cycle = (path[start...] + [server.id]).joined(separator: " -> ")
        diagnostics.plugin = plugin.id
        diagnostics.report(
          plugin.grants.keys[capability] ?? plugin.location,
          "plugins.\(plugin.id).grants.\(capability.name): \(cycle) is a cycle of services that wait for each other"
        )
        diagnostics.plugin = nil
      } else {
        follow(server, along: path, &finished, diagnostics)
      }
    }
    finished.insert(plugin.id)
  }

  private func needs(of plugin: PluginConfiguration) -> [(Capability, PluginConfiguration)] {
    plugin.servedGrants.flatMap { capability in
      var servers: [PluginConfiguration] = []
      for tenant in plugin.boundTenants {
        guard let server = server(of: capability, for: tenant), !servers.contains(where: { $0.id == server.id }) else {
          continue
        }
        servers.append(server)
      }
      return servers.map { (capability, $0) }
    }
  }
}

extension PluginConfiguration {
  /// The effects it was granted that another plugin performs.
  fileprivate var servedGrants: [Capability] {
    Capability.allCases.filter { $0.isServed && policy.grants($0) }
  }

  fileprivate func checkAgainst(_ other: PluginConfiguration, _ diagnostics: Diagnostics) {
    let shared = boundTenants.filter { other.boundTenants.contains($0) }
    let tenants = shared.map { "\($0)" }.spelledOut("and")
    if manifest.kind == .access, other.manifest.kind == .access, manifest.provider == other.manifest.provider,
      !shared.isEmpty
    {
      diagnostics.report(
        selectors.first?.location ?? location,
        "plugins.\(id).tenants: \(other.id) already has access to \(tenants)"
      )
    }
    for capability in manifest.provides where other.manifest.provides.contains(capability) && !shared.isEmpty {
      diagnostics.report(location, "plugins.\(id): \(other.id) already provides \(capability.name) for \(tenants)")
    }
    for (mine, theirs) in overlappingWrites(with: other) {
      let message = "\(mine.resource) overlaps with \(theirs.resource), which \(other.id) writes (\(theirs.location))"
      diagnostics.report(mine.location, "plugins.\(id).grants.fs.write: \(message)")
    }
  }

  /// The grants by which two plugins could write the same file.
  ///
  /// Relative ones cannot: each plugin has a directory of its own.
  private func overlappingWrites(with other: PluginConfiguration) -> [(Grant, Grant)] {
    let theirs = other.grants.all.filter { $0.capability == .fsWrite }
    return grants.all.filter { $0.capability == .fsWrite }.flatMap { mine in
      theirs.compactMap { their in
        guard case (.path(let one), .path(let two)) = (mine.resource, their.resource), one.isAbsolute, two.isAbsolute,
          one.overlaps(two)
        else { return nil }
        return (mine, their)
      }
    }
  }
}
