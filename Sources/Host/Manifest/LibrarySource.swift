internal import Signing
internal import YAML

/// Where the libraries of a deployment come from.
indirect enum LibrarySource {
  /// From the files that plugins.yml names, as they are now.
  case files(LibrarySearch)
  /// From the store in a directory, by the digest that each plugin had.
  case store(directory: String, digests: [String: String])
  /// For one plugin from a file, by default the one that plugins.yml names, and for the others from elsewhere.
  case replacing(String, file: String?, LibrarySearch, others: LibrarySource)
}

extension ManifestValue {
  /// Opens the library that is named here, or the one that was once found for it, and reads its manifest.
  ///
  /// Nothing of it is mapped.
  ///
  /// - Parameters:
  ///   - source: Where it comes from.
  ///   - plugin: Whose it is.
  ///   - trust: What its operator demands of it.
  ///   - keys: `host.keys`.
  /// - Returns: It, what it says of itself, and why it may run; nil after a report.
  func library(
    _ source: LibrarySource,
    of plugin: String,
    _ trust: LibraryTrust,
    keys: [PublicKey]
  ) -> (library: LibraryFile, manifest: PluginManifest, origin: LibraryOrigin)? {
    switch source {
    case .files(let search): return library(search, trust, keys: keys)
    case .store(let directory, let digests):
      guard let digest = digests[plugin] else {
        report("was left out when this was read first")
        return nil
      }
      return stored("\(directory)/\(digest).so", digest).map { ($0, $1, trust == .unsigned ? .unsigned : .stored) }
    case .replacing(plugin, let file, let search, _):
      return (file.map(written) ?? self).library(search, trust, keys: keys)
    case .replacing(_, _, _, let others): return library(others, of: plugin, trust, keys: keys)
    }
  }

  /// The value as if something else were written here.
  private func written(_ text: String) -> ManifestValue {
    child(YAMLNode(.scalar(YAMLScalar(text, isPlain: false)), at: node.mark), name)
  }

  /// Opens a library of the store, if it is still the one that was put there.
  private func stored(_ path: String, _ digest: String) -> (LibraryFile, PluginManifest)? {
    do throws(LibraryError) {
      let library = try LibraryFile(path: path)
      guard library.digest == digest else { throw LibraryError("was altered: its SHA-256 is \(library.digest)") }
      return try library.manifest(diagnostics, isBesideToo: false).map { (library, $0) }
    } catch {
      report("\(path) \(error)")
      return nil
    }
  }
}
