internal import Envelope
internal import YAML

extension Deployment {
  /// The folder beside plugins.yml in which libraries are found by name first, and noticed without being named.
  static let dropInFolder = "plugins.d"

  /// The plugins by the files of the drop-in folder that they name.
  ///
  /// - Parameter files: The names that are in the folder.
  /// - Returns: Ids of plugins, of those that were left out too.
  func plugins(naming files: some Collection<String>) -> [String: String] {
    let files = Set(files)
    var plugins: [String: String] = [:]
    for (id, library) in libraries.sorted(by: { $0.key < $1.key }) {
      if let file = candidates(library).first(where: files.contains) { plugins[file] = id }
    }
    return plugins
  }

  /// The files of the folder that a library of this name or path may be, the one that would be taken first.
  private func candidates(_ library: String) -> [String] {
    guard library.contains("/") else { return LibrarySearch.files(of: library) }
    let absolute = library.hasPrefix("/") ? library : "\(directory)/\(library)"
    let parts = absolute.split(separator: "/").filter { $0 != "." }
    let folder = "\(directory)/\(Self.dropInFolder)".split(separator: "/")
    return parts.dropLast().elementsEqual(folder) ? [String(parts[parts.count - 1])] : []
  }

  /// Tells what becomes of a file of the folder; nil where nothing is to be said.
  ///
  /// - Parameters:
  ///   - dropIn: The file.
  ///   - plugin: The plugin that names it, if one does.
  /// - Returns: The state to show.
  func state(of dropIn: DropIn, of plugin: String?) -> DropIn.State? {
    switch dropIn.content {
    case .unreadable: return .broken
    // What names a link is searched for as any path is, and links are followed then.
    case .refused: return plugin == nil ? .broken : nil
    case .library(let library):
      guard let plugin else { return .discovered }
      // Of one that was left out, it is said elsewhere why.
      guard let running = self.plugin(plugin), running.enabled else { return nil }
      return running.library.digest == library.digest ? nil : .changed
    }
  }
}

extension ManifestValue {
  /// What the entries of `plugins` name as their libraries, as far as that can be read, by their ids.
  var namedLibraries: [String: String] {
    guard case .mapping(let plugins) = node.content else { return [:] }
    return plugins.reduce(into: [:]) { libraries, plugin in
      guard case .mapping(let fields) = plugin.value.content,
        let library = fields.first(where: { $0.key == "library" }), case .scalar(let scalar) = library.value.content
      else { return }
      libraries[plugin.key] = scalar.text
    }
  }
}
