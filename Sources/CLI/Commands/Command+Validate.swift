internal import Envelope
internal import Host

extension Command {
  private static let file = Argument(
    .file(),
    "The plugins.yml to check; by default the deployment's.",
    isRequired: false
  )

  static let validate = Command(
    "validate",
    "Checks plugins.yml and every library that it names",
    details: """
      Finds everything that is wrong, not only the first: a line each, as FILE:LINE:COLUMN: error: what was expected and what was found. No host \
      need run, and no code of a plugin is run, or even mapped.
      """,
    arguments: [file],
    options: [DeploymentFile.searchPath],
    exits: [.success: "nothing is wrong", .failure: "something is wrong"],
    examples: [
      Example("promethean validate", "Checks the plugins.yml of this directory."),
      Example("promethean validate new.yml --json", "Prints what is wrong with a file, as data."),
    ]
  ) { invocation, session in
    let path = invocation[file].map(Files.deployment) ?? session.deployment
    let (deployment, diagnostics) = DeploymentFile.read(path, invocation)
    let plugins = deployment?.plugins.count ?? 0
    let tenants = deployment?.tenants.count ?? 0
    let report: JSON = [
      "file": .string(path), "valid": .bool(diagnostics.isEmpty), "plugins": .int(Int64(plugins)),
      "tenants": .int(Int64(tenants)), "errors": .array(diagnostics.map(\.json)),
    ]
    try session.show(report) {
      diagnostics.isEmpty
        ? ["\(path): nothing is wrong (\(counted(plugins, "plugin")), \(counted(tenants, "tenant")))"]
        : diagnostics.map(\.line)
    }
    return diagnostics.isEmpty ? .success : .failure
  }

  private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

extension Diagnostic {
  fileprivate var json: JSON {
    [
      "file": .string(location.file), "line": .int(Int64(location.line)), "column": .int(Int64(location.column)),
      "plugin": plugin.map(JSON.string) ?? .null, "message": .string(message),
    ]
  }
}
