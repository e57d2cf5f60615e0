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
  /// What plugins.yml names as the library of each plugin, also of those that are left out, by their ids.
  var libraries: [String: String] = [:]

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
    guard let bytes = ManifestValue.bytes(of: path, diagnostics) else { return (nil, diagnostics.all) }
    let directory = absoluteDirectory(of: path)
    let libraries = LibrarySource.files(LibrarySearch(directory: directory, path: searchPath))
    return read(bytes, named: path, directory: directory, libraries: libraries)
  }

  /// Reads the bytes of a plugins.yml and everything it names as far as that goes.
  ///
  /// - Parameters:
  ///   - bytes: What stands, or once stood, in the file.
  ///   - name: What messages call it.
  ///   - directory: The absolute directory of the deployment.
  ///   - libraries: Where the plugins' libraries come from.
  /// - Returns: What was read, and what is wrong.
  static func read(
    _ bytes: [UInt8],
    named name: String,
    directory: String,
    libraries: LibrarySource
  ) -> (deployment: Deployment?, diagnostics: [Diagnostic]) {
    let diagnostics = Diagnostics()
    let root = ManifestValue.document(bytes, named: name, diagnostics)
    let deployment = root?.fields { read($0, path: name, directory: directory, libraries: libraries) }
    let isWhole = diagnostics.all.allSatisfy { $0.plugin != nil }
    return (isWhole ? deployment : nil, diagnostics.sorted(first: name))
  }

  private static func read(
    _ fields: ManifestFields,
    path: String,
    directory: String,
    libraries: LibrarySource
  ) -> Deployment {
    fields.required("version")?.version1()
    var deployment = Deployment(
      path: path,
      directory: directory,
      host: fields.optional("host").map { HostSettings($0) } ?? HostSettings(),
      tenants: fields.optional("tenants")?.list { Tenant($0) } ?? [],
      plugins: []
    )
    deployment.checkTenants(fields.value.diagnostics)
    let scope = DeploymentScope(
      tenants: deployment.tenants,
      tenantsAreWell: fields.value.diagnostics.count == 0,
      keys: deployment.host.keys,
      libraries: libraries,
      stateDirectory: deployment.stateDirectory
    )
    let before = fields.value.diagnostics.count
    deployment.plugins = fields.optional("plugins")?.pluginEntries { PluginConfiguration.read($0, $1, in: scope) } ?? []
    deployment.libraries = fields.optional("plugins")?.namedLibraries ?? [:]
    let isWhole = fields.value.diagnostics.count == before
    deployment.removeConflicting(fields.value.diagnostics, isWhole: isWhole)
    return deployment
  }

  /// The absolute directory, without links, that a file is in.
  static func absoluteDirectory(of path: String) -> String {
    let directory = path.contains("/") ? String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) : "."
    return resolvedPath(directory.isEmpty ? "/" : directory) ?? directory
  }
}

extension ManifestValue {
  /// Reads the bytes of a file; nil when that was reported to be impossible.
  static func bytes(of path: String, _ diagnostics: Diagnostics) -> [UInt8]? {
    do throws(LibraryError) {
      return try readFile(path, sizeMax: YAMLLimits().bytes)
    } catch {
      diagnostics.report(SourceLocation(file: path), "\(error)")
      return nil
    }
  }

  /// Reads a YAML document; nil when that was reported to be impossible.
  static func document(_ bytes: [UInt8], named name: String, _ diagnostics: Diagnostics) -> ManifestValue? {
    do throws(YAMLError) {
      return ManifestValue(node: try YAMLNode.parse(bytes), name: "", file: name, diagnostics: diagnostics)
    } catch {
      diagnostics.report(SourceLocation(file: name, mark: error.mark), error.message)
      return nil
    }
  }

  func version1() {
    guard case .scalar(let scalar) = node.content, scalar.value == .int(1) else {
      return mismatch("1, the version of this file's shape")
    }
  }

  /// Reads the entries of `plugins`; with nothing after it there are none.
  fileprivate func pluginEntries<Element>(_ read: (ManifestValue, ManifestValue) -> Element?) -> [Element] {
    isNull ? [] : entries(read)
  }
}
