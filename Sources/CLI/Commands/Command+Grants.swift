internal import Envelope
internal import Host

extension Command {
  static let grants = Command(
    "grants",
    "Shows what plugins may do, and which line says so",
    details: "Reads plugins.yml and the manifests in the libraries; no host need run. What is not granted is denied.",
    examples: [Example("promethean grants list", "Prints every grant.")],
    subcommands: [listGrants, explainGrant]
  )

  private static let onlyPlugin = Argument(.text("PLUGIN"), "The plugin; by default all.", isRequired: false)

  private static let listGrants = Command(
    "list",
    "Lists grants",
    details:
      "Prints what each plugin is granted, on which resources, and where it stands. With --json, a grant a line.",
    arguments: [onlyPlugin],
    options: [DeploymentFile.searchPath],
    exits: [.failure: "plugins.yml cannot be read, or has no such plugin"],
    examples: [Example("promethean grants list message-indexer", "Prints the grants of one plugin.")]
  ) { invocation, session in
    let plugins: [PluginConfiguration]
    if let name = invocation[onlyPlugin] {
      plugins = [try plugin(name, invocation, session)]
    } else {
      plugins = try deployment(invocation, session).plugins
    }
    var table = Table([.init("PLUGIN"), .init("CAPABILITY"), .init("RESOURCE"), .init("WHERE")])
    for plugin in plugins {
      for grant in plugin.grants.all {
        if session.isJSON {
          try session.console.json(json(grant, of: plugin))
        } else {
          table.append(row(grant, of: plugin))
        }
      }
    }
    guard !session.isJSON else { return .success }
    for line in table.lines(style: session.console.style, width: nil) { try session.console.line(line) }
    return .success
  }

  private static let plugin = Argument(.text("PLUGIN"), "The plugin that asks.")
  private static let capability = Argument(
    .choice("CAPABILITY", Capability.allCases.map(\.name)),
    "What it wants to do."
  )
  private static let resource = Argument(
    .text("RESOURCE"),
    "On what: a topic, HOST:PORT, a path, COLLECTION:read; nothing for a capability without resources.",
    isRequired: false
  )

  private static let explainGrant = Command(
    "explain",
    "Says whether a plugin may do something, and which line decides",
    details: """
      Prints allow or deny, and the line of plugins.yml that says so: the grant that includes the resource, or where it would have to stand. \
      It is the decision that the host takes, made by the same code.
      """,
    arguments: [plugin, capability, resource],
    options: [DeploymentFile.searchPath],
    exits: [.success: "allowed", .failure: "denied, or plugins.yml cannot be read, or has no such plugin"],
    examples: [
      Example(
        "promethean grants explain message-indexer publish promethean.p.echo.t.demo.rest.request",
        "Asks whether the indexer may call a provider."
      )
    ]
  ) { invocation, session in
    let plugin = try plugin(invocation.required(plugin), invocation, session)
    guard let capability = Capability(rawValue: invocation.required(capability)) else {
      preconditionFailure("the parser takes only names of capabilities")
    }
    let resource = invocation[resource] ?? ""
    let decision = plugin.policy.decide(capability, resource: resource)
    let answer: JSON = [
      "allowed": .bool(decision.allowed), "plugin": .string(plugin.id), "capability": .string(capability.name),
      "resource": .string(resource), "file": .string(decision.location.file),
      "line": .int(Int64(decision.location.line)), "column": .int(Int64(decision.location.column)),
      "reason": .string(decision.reason),
    ]
    try session.show(answer) {
      let word = session.console.style(decision.allowed ? .good : .bad, decision.word)
      return [word, Cells.printable(decision.explanation)]
    }
    return decision.allowed ? .success : .failure
  }
}

// MARK: - Plugins

extension Command {
  private static func deployment(_ invocation: Invocation, _ session: Session) throws -> Deployment {
    let (deployment, diagnostics) = DeploymentFile.read(session.deployment, invocation)
    // What is left out is said; what is whole is answered for all the same.
    for diagnostic in diagnostics { session.console.remark(diagnostic.line) }
    guard let deployment else { throw CommandError.failed("\(session.deployment) cannot be used") }
    return deployment
  }

  private static func plugin(
    _ name: String,
    _ invocation: Invocation,
    _ session: Session
  ) throws -> PluginConfiguration {
    let deployment = try deployment(invocation, session)
    if let plugin = deployment.plugin(name) { return plugin }
    let nearest = name.nearest(in: deployment.plugins.map(\.id)).map { " (did you mean \($0)?)" } ?? ""
    throw CommandError.failed("\(session.deployment) has no plugin \"\(name)\" that can be used\(nearest)")
  }

  private static func row(_ grant: Grant, of plugin: PluginConfiguration) -> [Table.Field] {
    [
      .init(plugin.id, .name), .init(grant.capability.name), .init(resource(of: grant) ?? "-"),
      .init("\(grant.location)", .faint),
    ]
  }

  private static func json(_ grant: Grant, of plugin: PluginConfiguration) -> JSON {
    [
      "plugin": .string(plugin.id), "capability": .string(grant.capability.name),
      "resource": resource(of: grant).map(JSON.string) ?? .null, "file": .string(grant.location.file),
      "line": .int(Int64(grant.location.line)), "column": .int(Int64(grant.location.column)),
    ]
  }

  /// The resource as it is written, or nil if the grant is of everything.
  private static func resource(of grant: Grant) -> String? {
    grant.resource == .everything ? nil : "\(grant.resource)"
  }
}
