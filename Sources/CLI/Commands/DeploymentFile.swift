internal import Host

/// Reading plugins.yml without a host, as all commands do that work offline.
enum DeploymentFile {
  static let searchPath = Option.value(
    "search-path",
    .directory(),
    "Where libraries are looked for by name, after plugins.d beside plugins.yml and before the directory of this program.",
    isRepeatable: true
  )

  static func directories(_ invocation: Invocation) -> [String] {
    invocation.all(searchPath) + [Files.executableDirectory()]
  }

  /// Reads a deployment as far as it goes, and says what is wrong with it, from top to bottom and file by file.
  static func read(_ path: String, _ invocation: Invocation) -> (deployment: Deployment?, diagnostics: [Diagnostic]) {
    let (deployment, diagnostics) = Deployment.read(path: path, searchPath: directories(invocation))
    func order(_ place: SourceLocation) -> (Int, String, Int, Int) {
      (place.file == path ? 0 : 1, place.file, place.line, place.column)
    }
    return (deployment, diagnostics.sorted { order($0.location) < order($1.location) })
  }
}

extension Diagnostic {
  /// The line that editors and people look for.
  var line: String { Cells.printable("\(location): error: \(message)") }
}
