internal import YAML

/// A place in a file that a person wrote, as editors and compilers print it.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  /// The path as the person named it, or `libEcho.so(plugin.yml)` for a manifest inside a library.
  package var file: String
  /// From 1.
  package var line: Int
  /// In characters, from 1.
  package var column: Int

  package init(file: String, line: Int = 1, column: Int = 1) {
    self.file = file
    self.line = line
    self.column = column
  }

  init(file: String, mark: YAMLMark) {
    self.init(file: file, line: mark.line, column: mark.column)
  }

  package var description: String { "\(file):\(line):\(column)" }
}

/// One thing that is wrong with a manifest, and where.
package struct Diagnostic: Error, Sendable, Hashable, CustomStringConvertible {
  package var location: SourceLocation
  package var message: String
  /// The plugin under `plugins:` that is at fault; nil when the deployment as a whole is.
  package var plugin: String?

  package init(_ location: SourceLocation, _ message: String, plugin: String? = nil) {
    self.location = location
    self.message = message
    self.plugin = plugin
  }

  package var description: String { "\(location): \(message)" }
}

/// Everything that is wrong with a deployment.
package struct InvalidDeployment: Error, Sendable, CustomStringConvertible {
  /// At least one.
  package var diagnostics: [Diagnostic]

  package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Collects what is wrong while manifests are read, so that a person sees all of it at once.
///
/// Not for more than one thread.
final class Diagnostics {
  private(set) var all: [Diagnostic] = []
  /// The plugin that is being read.
  var plugin: String?

  var count: Int { all.count }

  /// Those of one file from its top to its end, then the others as they came.
  ///
  /// What follows from a slip further up is then read after it.
  func sorted(first file: String) -> [Diagnostic] {
    // Sorted with the place in the list, since the standard sort need not keep the order of equals.
    let ofFile = all.filter { $0.location.file == file }.enumerated().sorted { left, right in
      let (one, two) = (left.element.location, right.element.location)
      return (one.line, one.column, left.offset) < (two.line, two.column, right.offset)
    }
    return ofFile.map(\.element) + all.filter { $0.location.file != file }
  }

  func report(_ location: SourceLocation, _ message: String) {
    all.append(Diagnostic(location, message, plugin: plugin))
  }
}
