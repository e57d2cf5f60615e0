package import Envelope

/// One plugin of a deployment: its library and manifest, and what its operator lets it do.
package struct PluginConfiguration: Sendable {
  /// How closed the sandbox must be at least; ordered.
  package enum SandboxLevel: String, CaseIterable, Sendable {
    /// Namespaces, a private root, Landlock, seccomp and limits.
    case full
    /// Landlock, seccomp and limits.
    case landlock
    /// seccomp and limits.
    case none
  }

  package enum Placement: String, CaseIterable, Sendable {
    /// A sandboxed process for each instance.
    case process
  }

  package var id: String
  /// Open since it was hashed.
  package var library: LibraryFile
  /// What its operator demands of its library.
  package var trust: LibraryTrust
  /// Why its library may run.
  package var origin: LibraryOrigin
  package var manifest: PluginManifest
  package var enabled: Bool
  package var selectors: [TenantSelector]
  /// The tenants that the selectors select, in the order of the deployment.
  package var boundTenants: [TenantID]
  /// How many instances share the load; only a worker has more than one.
  package var replicas: Int
  package var grants: Grants
  package var policy: Policy
  package var limits: Limits
  package var require: SandboxLevel
  package var placement: Placement
  /// The configuration, with defaults filled in: an object.
  package var config: JSON
  /// The first 16 hexadecimal digits of the SHA-256 of `config` as compact JSON.
  package var configRev: String
  /// What each instance of an access plugin is told of its tenant.
  package var bindings: [TenantID: Binding]
  /// Where its id stands in plugins.yml.
  package var location: SourceLocation

  package var libraryPath: String { library.path }

  /// The revision of all that an instance is told: of the configuration, and of its binding if it has one.
  package func configRev(for binding: Binding?) -> String {
    binding.map { Self.revision([config, $0.json]) } ?? configRev
  }

  /// Enough of the digest of some values to tell them from others.
  static func revision(_ values: [JSON]) -> String {
    String(sha256(Array(values.map { $0.bytes() }.joined(separator: [UInt8(ascii: "\n")]))).prefix(16))
  }

  /// The topics it is delivered without asking: the inputs of its manifest, all of which its grants include.
  package var subscriptions: [TopicPattern] { manifest.inputs.map(\.topic) }

  /// What it was granted of a path capability, as absolute paths.
  ///
  /// - Parameters:
  ///   - capability: `fs.read` or `fs.write`.
  ///   - dataDirectory: The plugin's own directory, where relative grants begin.
  /// - Returns: Absolute paths, of which not all need exist.
  package func paths(_ capability: Capability, dataDirectory: String) -> [String] {
    policy.resources(of: capability).compactMap { resource in
      guard case .path(let prefix) = resource else { return nil }
      return prefix.resolved(in: dataDirectory)
    }
  }
}
