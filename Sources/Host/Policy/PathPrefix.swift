/// A directory or file and all below it: absolute, or within the plugin's own data directory.
package struct PathPrefix: Sendable, Hashable, CustomStringConvertible {
  /// Whether it begins at the root; otherwise at `var/data/<plugin id>` of the deployment.
  package let isAbsolute: Bool
  package let components: [String]

  init(_ text: String) throws(ResourceError) {
    // By bytes, as the kernel does: a mark behind a slash would join it to one character.
    let slash = UInt8(ascii: "/")
    isAbsolute = text.utf8.first == slash
    let parts = text.utf8.dropFirst(isAbsolute ? 1 : 0).split(separator: slash, omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
    // A slash at the end means what its absence does.
    let named = parts.last == "" ? parts.dropLast() : parts[...]
    guard isAbsolute || !named.isEmpty, !named.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
      throw ResourceError("\"\(text)\" is no plain path; expected no empty, . or .. parts")
    }
    // The kernel reads no further than a NUL: what is before it could lead up.
    guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
      throw ResourceError("\(text.debugDescription) is no plain path; expected no control characters")
    }
    components = Array(named)
  }

  package func covers(_ other: PathPrefix) -> Bool {
    // By bytes again: to a file system an é is another than an e with a mark behind it.
    isAbsolute == other.isAbsolute && other.components.starts(with: components) { $0.utf8.elementsEqual($1.utf8) }
  }

  package func overlaps(_ other: PathPrefix) -> Bool { covers(other) || other.covers(self) }

  /// The absolute path, with relative ones within a directory.
  package func resolved(in directory: String) -> String {
    isAbsolute ? description : "\(directory)/\(description)"
  }

  package var description: String { (isAbsolute ? "/" : "") + components.joined(separator: "/") }
}
