/// A directory or file and all below it: absolute, or within the plugin's own data directory.
package struct PathPrefix: Sendable, Hashable, CustomStringConvertible {
  /// Whether it begins at the root; otherwise at `var/data/<plugin id>` of the deployment.
  package let isAbsolute: Bool
  package let components: [String]

  init(_ text: String) throws(ResourceError) {
    isAbsolute = text.hasPrefix("/")
    let parts = (isAbsolute ? text.dropFirst() : text[...]).split(separator: "/", omittingEmptySubsequences: false)
    // A slash at the end means what its absence does.
    let named = parts.last == "" ? parts.dropLast() : parts[...]
    guard isAbsolute || !named.isEmpty, !named.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
      throw ResourceError("\"\(text)\" is no plain path; expected no empty, . or .. parts")
    }
    components = named.map(String.init)
  }

  package func covers(_ other: PathPrefix) -> Bool {
    isAbsolute == other.isAbsolute && other.components.starts(with: components)
  }

  package func overlaps(_ other: PathPrefix) -> Bool { covers(other) || other.covers(self) }

  /// The absolute path, with relative ones within a directory.
  package func resolved(in directory: String) -> String {
    isAbsolute ? description : "\(directory)/\(description)"
  }

  package var description: String { (isAbsolute ? "/" : "") + components.joined(separator: "/") }
}
