package import Envelope

/// A library as data, and the entry of plugins.yml that would grant it all that it requests.
package struct PluginEntry: Sendable {
  private let dropIn: DropIn
  private let manifest: PluginManifest
  /// What names the library in the entry.
  private let name: String
  /// Who has signed it.
  private let signature: DropIn.Signed

  /// Reads a library; nothing of it is mapped.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - deployment: Whose plugins.yml the entry is for, and whose keys are trusted; nil: none that can be read.
  /// - Throws: `HostError`, which says what is wrong with the library.
  package init(path: String, for deployment: Deployment?) throws(HostError) {
    let diagnostics = Diagnostics()
    let found: PluginManifest?
    let library: LibraryFile
    do throws(LibraryError) {
      library = try LibraryFile(path: path, LibraryFile.Terms(isFinished: true))
      found = try library.manifest(diagnostics, isBesideToo: true)
    } catch {
      throw HostError("\(path) \(error)")
    }
    guard let found else { throw HostError(diagnostics.all.map(\.description).joined(separator: "\n")) }
    let shown = DropIn.Library(library, found, keys: deployment?.host.keys ?? [])
    dropIn = DropIn(file: library.name, content: .library(shown))
    manifest = found
    signature = shown.signature
    let absolute = resolvedPath(path) ?? path
    let folder = deployment.map { "\($0.directory)/" } ?? ""
    let isInside = absolute.hasPrefix(folder) && !folder.isEmpty
    let inside = isInside ? String(absolute.dropFirst(folder.count)) : absolute
    // Without a slash it would be a name to search for.
    name = inside.contains("/") ? inside : "./\(inside)"
  }

  /// What it is, as `status` shows it, and the entry.
  package var json: JSON {
    guard var object = dropIn.json(.discovered, plugin: nil).objectValue else { return .null }
    object["state"] = nil
    object["plugin"] = nil
    object["entry"] = .string(lines.joined(separator: "\n") + "\n")
    return .object(object)
  }

  /// The entry in YAML, a line each, as it stands below `plugins:`.
  package var lines: [String] {
    let tenants = manifest.provider.map { "\($0)/*" } ?? "*/*"
    let required = manifest.config.required
    let config = required.isEmpty ? [] : ["    config: {}  # it requires \(required.spelledOut("and"))"]
    return ["  \(manifest.id):", "    library: \(Self.quoted(name))"] + trust
      + ["    tenants: [\(Self.quoted(tenants))]"] + grants + config
  }

  /// What is to be said of its signature.
  ///
  /// One that has a signature is to be run with it, once its key is trusted.
  private var trust: [String] {
    switch signature {
    case .by: []
    case .nobody: ["    trust: unsigned  # nobody has signed it"]
    case .badly(let reason): ["    # \(reason)"]
    }
  }

  private var grants: [String] {
    var capabilities: [Capability] = []
    for grant in manifest.requests where !capabilities.contains(grant.capability) {
      capabilities.append(grant.capability)
    }
    let lines = capabilities.map { capability in
      let resources = manifest.requests.filter { $0.capability == capability }.map(\.resource)
      return "      \(capability.name): \(Self.text(resources))"
    }
    return lines.isEmpty ? [] : ["    grants:"] + lines
  }

  private static func text(_ resources: [Resource]) -> String {
    var keyed: [(String, String)] = []
    var listed: [String] = []
    for resource in resources {
      switch resource {
      case .everything: return "{}"
      case .fetch(let fetch): keyed.append(("\(fetch)", ByteCount.text(fetch.limit)))
      case .collection(let name, let access):
        keyed.append(("\(name)", "[\(access.description.replacing("+", with: ", "))]"))
      default: listed.append(quoted("\(resource)"))
      }
    }
    guard keyed.isEmpty else { return "{ \(keyed.map { "\(quoted($0.0)): \($0.1)" }.joined(separator: ", ")) }" }
    return "[\(listed.joined(separator: ", "))]"
  }

  /// In double quotes, which YAML reads as JSON does.
  private static func quoted(_ text: String) -> String { String(decoding: JSON.string(text).bytes(), as: UTF8.self) }
}
