internal import Envelope
internal import YAML

/// What runs here, for whom, allowed what: plugins.yml, with every library found and every plugin.yml read.
///
/// No code of any plugin runs, or is even mapped, to make one.
package struct Deployment: Sendable {
  /// The path of plugins.yml as it was given.
  package var path: String
  /// The absolute directory that plugins.yml stands in.
  package var directory: String
  package var host: HostSettings
  package var tenants: [Tenant]
  /// In the order of plugins.yml.
  package var plugins: [PluginConfiguration]

  /// Where the host keeps its files.
  package var stateDirectory: String { Self.stateDirectory(in: directory) }

  /// Where a plugin keeps its own.
  package func dataDirectory(of plugin: String) -> String { "\(stateDirectory)/data/\(plugin)" }

  package func plugin(_ id: String) -> PluginConfiguration? { plugins.first { $0.id == id } }

  /// The enabled plugin that performs a capability for a tenant.
  package func server(of capability: Capability, for tenant: TenantID) -> PluginConfiguration? {
    plugins.first { $0.enabled && $0.manifest.provides.contains(capability) && $0.boundTenants.contains(tenant) }
  }

  static func stateDirectory(in directory: String) -> String { "\(directory)/var" }
}

extension Deployment {
  /// Reads plugins.yml and everything it names, or says all that is wrong.
  ///
  /// - Parameters:
  ///   - path: Of plugins.yml; messages name it so.
  ///   - searchPath: Directories in which libraries are looked for by name, after `plugins.d` beside plugins.yml.
  /// - Returns: The deployment, of which nothing is wrong.
  /// - Throws: Everything that is wrong.
  package static func load(path: String, searchPath: [String]) throws(InvalidDeployment) -> Deployment {
    let (deployment, diagnostics) = read(path: path, searchPath: searchPath)
    guard let deployment, diagnostics.isEmpty else { throw InvalidDeployment(diagnostics: diagnostics) }
    return deployment
  }

  /// Reads plugins.yml and everything it names as far as that goes.
  ///
  /// A broken plugin is left out, for it must keep no other from running; its diagnostics bear its id. The deployment
  /// is nil when plugins.yml cannot be read at all or is wrong outside its plugins.
  package static func read(path: String, searchPath: [String]) -> (deployment: Deployment?, diagnostics: [Diagnostic]) {
    let diagnostics = Diagnostics()
    let root = ManifestValue.file(path, diagnostics)
    let deployment = root?.fields { read($0, path: path, searchPath: searchPath) }
    let isWhole = diagnostics.all.allSatisfy { $0.plugin != nil }
    return (isWhole ? deployment : nil, diagnostics.sorted(first: path))
  }

  private static func read(_ fields: ManifestFields, path: String, searchPath: [String]) -> Deployment {
    fields.required("version")?.version1()
    var deployment = Deployment(
      path: path,
      directory: absoluteDirectory(of: path),
      host: fields.optional("host").map { HostSettings($0) } ?? HostSettings(),
      tenants: fields.optional("tenants")?.list { Tenant($0) } ?? [],
      plugins: []
    )
    deployment.checkTenants(fields.value.diagnostics)
    let scope = DeploymentScope(
      tenants: deployment.tenants,
      tenantsAreWell: fields.value.diagnostics.count == 0,
      keys: deployment.host.keys,
      libraries: LibrarySearch(directory: deployment.directory, path: searchPath),
      stateDirectory: deployment.stateDirectory
    )
    let before = fields.value.diagnostics.count
    deployment.plugins = fields.optional("plugins")?.pluginEntries { PluginConfiguration.read($0, $1, in: scope) } ?? []
    let isWhole = fields.value.diagnostics.count == before
    deployment.removeConflicting(fields.value.diagnostics, isWhole: isWhole)
    return deployment
  }

  private static func absoluteDirectory(of path: String) -> String {
    let directory = path.contains("/") ? String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) : "."
    return resolvedPath(directory.isEmpty ? "/" : directory) ?? directory
  }
}

extension ManifestValue {
  /// Reads a YAML file; nil when that was reported to be impossible.
  fileprivate static func file(_ path: String, _ diagnostics: Diagnostics) -> ManifestValue? {
    do {
      let node = try YAMLNode.parse(try readFile(path, sizeMax: YAMLLimits().bytes))
      return ManifestValue(node: node, name: "", file: path, diagnostics: diagnostics)
    } catch let error as YAMLError {
      diagnostics.report(SourceLocation(file: path, mark: error.mark), error.message)
    } catch {
      diagnostics.report(SourceLocation(file: path), "\(error)")
    }
    return nil
  }

  fileprivate func version1() {
    guard case .scalar(let scalar) = node.content, scalar.value == .int(1) else {
      return mismatch("1, the version of this file's shape")
    }
  }

  /// Reads the entries of `plugins`; with nothing after it there are none.
  fileprivate func pluginEntries<Element>(_ read: (ManifestValue, ManifestValue) -> Element?) -> [Element] {
    isNull ? [] : entries(read)
  }
}
