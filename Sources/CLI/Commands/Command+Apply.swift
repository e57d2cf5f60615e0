internal import Envelope
internal import Host

extension Command {
  private static let planFile = Argument(
    .file("PLANFILE"),
    "A plan that promethean plan -o has written; by default what plan would show now.",
    isRequired: false
  )
  private static let approve = Option.flag("approve", "Agrees to what grants widen by.")

  static let apply = Command(
    "apply",
    "Makes plugins.yml what runs, all of it or nothing",
    details: """
      With a running host, new instances start beside the old ones and take over once all of them are well; if any is not, the old ones go on. Without \
      one, the next start runs it. A plan from a file is applied exactly, or refused if anything that it depends on is another since.

      What is applied becomes a generation, and what it may do is written to plugins.lock.
      """,
    arguments: [planFile],
    options: [approve, DeploymentFile.searchPath],
    exits: [
      .success: "it is applied, or there was nothing to change",
      .failure: "nothing was changed; the reason is printed",
      .unapproved: "nothing was changed: grants would widen, and --approve is missing",
    ],
    examples: [
      Example("promethean apply", "Applies plugins.yml as it is now."),
      Example("promethean apply next.plan --approve", "Applies exactly what was planned, with what grants widen by."),
    ]
  ) { invocation, session in
    let plan = try invocation[planFile].map { try Plan(Files.read($0, sizeMax: planMax), named: $0) }
    let isApproved = invocation.has(approve)
    let fields: JSONObject = ["plan": plan?.json ?? .null, "approve": .bool(isApproved)]
    return try Deployer(invocation, session).change(session, "apply", fields) { deployer in
      let (generation, plan) = try deployer.applyOffline(plan, isApproved: isApproved)
      return (generation, plan.isEmpty ? "nothing would change" : "no host runs; the next start runs it")
    }
  }

  /// Bytes of the largest plan that is read: more than a host takes in one line.
  private static let planMax = 1 << 20

  private static let generation = Generation.argument("GENERATION", "Which; by default the one before what runs.")

  static let rollback = Command(
    "rollback",
    "Goes back to an earlier generation",
    details: """
      Makes an earlier generation's plugins.yml and libraries, to the byte, what runs, as a new generation. plugins.yml itself stays as it is, and \
      is not applied again until it is edited or apply says so. A second rollback goes one further back.
      """,
    arguments: [generation],
    exits: [.failure: "nothing was changed; the reason is printed"],
    examples: [
      Example("promethean rollback", "Takes back the last change."),
      Example("promethean rollback 3", "Goes back to generation 3."),
    ]
  ) { invocation, session in
    let number = invocation[generation].flatMap(Int.init)
    let fields: JSONObject = ["generation": number.map { .int(Int64($0)) } ?? .null]
    return try Deployer(path: session.deployment, searchPath: []).change(session, "rollback", fields) { deployer in
      let (generation, origin) = try deployer.rollbackOffline(number)
      return (generation, "back to generation \(origin); no host runs, and the next start runs it")
    }
  }

  private static let plugin = Argument(.text("PLUGIN"), "The plugin.")
  private static let library = Option.value(
    "library",
    .file(),
    "The library to run; by default what plugins.yml names."
  )

  static let reload = Command(
    "reload",
    "Lets new instances of a plugin take over",
    details: """
      Starts new instances of one plugin, from its library as it is now or from another one, and lets them take over without losing a message. If they \
      are not well, the old ones go on.
      """,
    arguments: [plugin],
    options: [library],
    exits: [.failure: "the old instances go on, or no host runs; the reason is printed"],
    examples: [
      Example("promethean reload message-indexer", "Runs the library that was built since."),
      Example("promethean reload echo --library build/libEcho.so", "Tries another library."),
    ]
  ) { invocation, session in
    let file = invocation[library].map { Files.absolute($0) }
    let fields: JSONObject = [
      "plugin": .string(invocation.required(plugin)), "library": file.map { .string($0) } ?? .null,
    ]
    return try Deployer(path: session.deployment, searchPath: []).change(session, "reload", fields, without: nil)
  }
}

extension Deployer {
  /// Has the host change what runs, showing its steps, or does it without one.
  ///
  /// What it is offered for when no host runs says the new generation and a sentence; without it that is an error.
  fileprivate func change(
    _ session: Session,
    _ operation: String,
    _ fields: JSONObject,
    without offline: ((Deployer) throws -> (Int, String))?
  ) throws -> ExitCode {
    let client: AdminClient
    do {
      client = try session.connect()
    } catch let error as CommandError {
      guard let offline else { throw error }
      let (generation, reason) = try explaining(session) { try offline(self) }
      let document: JSON = ["generation": .int(Int64(generation)), "outcome": "applied", "reason": .string(reason)]
      return try Self.finish(document, session)
    }
    let result = try client.call(operation, fields) { item in
      try session.show(item) { [Self.line(item, session.console.style)] }
      if !client.hasEvent { try session.console.flush() }
      return true
    }
    return try Self.finish(result, session)
  }

  /// Prints how it ended.
  private static func finish(_ document: JSON, _ session: Session) throws -> ExitCode {
    let outcome = document["outcome"]?.stringValue ?? "refused"
    let reason = document["reason"]?.stringValue ?? ""
    let number = document["generation"]?.intValue.map { "generation \($0)" } ?? "no generation"
    let isApplied = outcome == HistoryEntry.Outcome.applied.rawValue
    try session.show(document) {
      let word = session.console.style(isApplied ? .good : .bad, outcome)
      return [Cells.printable("\(number) ") + word + Cells.printable(reason.isEmpty ? "" : ": \(reason)")]
    }
    return isApplied ? .success : .failure
  }

  /// A step of a change: `start echo/demo: ready`.
  private static func line(_ item: JSON, _ style: Style) -> String {
    func text(_ key: String) -> String { Cells.printable(item[key]?.stringValue ?? "") }
    let words = [text("step"), style(.name, text("plugin")), text("state")].filter { !$0.isEmpty }
    return words.joined(separator: " ") + (text("message").isEmpty ? "" : ": \(text("message"))")
  }
}
