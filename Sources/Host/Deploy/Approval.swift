internal import Envelope

/// What one plugin is let do, as far as a person has to agree to it.
package struct Approval: Sendable, Hashable {
  package var version: String
  /// The SHA-256 of its library.
  package var library: String
  /// Bytes of its library.
  package var size: Int
  package var require: PluginConfiguration.SandboxLevel
  package var trust: LibraryTrust
  package var tenants: [TenantID]
  /// What it is to keep to with each of them, where it is an access plugin and anything is said.
  package var allow: [TenantID: [String: [String]]] = [:]
  /// What it performs for others, and so gets to see of theirs.
  package var provides: [Capability]
  /// In the order of their lines, none twice.
  package var grants: [Grant]

  /// The lines of its grants.
  package var lines: [String] { grants.map(\.line) }

  /// What an approval says, wherever it was read.
  package static func == (left: Approval, right: Approval) -> Bool { left.key == right.key }

  package func hash(into hasher: inout Hasher) { hasher.combine(key) }

  private var key: [String] {
    [version, library, "\(size)", require.rawValue, trust.rawValue] + tenants.map { "\($0)" } + [allowJSON.text]
      + provides.map(\.name) + [""] + lines
  }
}

extension PluginConfiguration {
  /// What its operator lets it do.
  package var approval: Approval {
    var seen: Set<String> = []
    return Approval(
      version: manifest.version,
      library: library.digest,
      size: library.size,
      require: require,
      trust: trust,
      tenants: boundTenants.sorted { "\($0)" < "\($1)" },
      allow: bindings.mapValues(\.allow).filter { !$0.value.isEmpty },
      provides: Capability.allCases.filter(manifest.provides.contains),
      grants: grants.all.filter { seen.insert($0.line).inserted }.sorted { $0.line < $1.line }
    )
  }
}

extension Deployment {
  /// What each plugin that runs is let do, by id.
  ///
  /// One that is disabled does nothing, and needs nobody's consent.
  package var approvals: [String: Approval] {
    Dictionary(plugins.filter(\.enabled).map { ($0.id, $0.approval) }) { first, _ in first }
  }
}
