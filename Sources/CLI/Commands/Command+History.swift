internal import Envelope
internal import Host

extension Command {
  private static let generation = Generation.argument("GENERATION", "The generation to show, with what it came to.")

  static let history = Command(
    "history",
    "Lists what was applied, refused and taken back",
    details: """
      Prints what was tried, oldest first, and how it ended; * marks what runs. With a number it prints that generation, its libraries and its effective \
      configuration. The newest 50 generations are kept. No host need run.
      """,
    arguments: [generation],
    exits: [.failure: "there is no such generation, or its libraries are gone"],
    examples: [
      Example("promethean history", "Lists all that was tried."),
      Example("promethean history 3 --json", "Prints a generation as data."),
    ]
  ) { invocation, session in
    let deployer = Deployer(path: session.deployment, searchPath: [])
    if let number = invocation[generation].flatMap(Int.init) {
      return try deployer.explaining(session) { try show(number, deployer, session) }
    }
    let (entries, current) = (try deployer.store.history(), try deployer.store.current()?.generation)
    if session.isJSON {
      for entry in entries { try session.console.json(entry.json) }
      return .success
    }
    var table = Table([
      .init("GENERATION", .right), .init("TIME"), .init("CAUSE"), .init("OUTCOME"), .init("PLUGIN"), .init("REASON"),
    ])
    for entry in entries { table.append(row(entry, isCurrent: entry.generation == current)) }
    let lines =
      entries.isEmpty ? ["nothing yet"] : table.lines(style: session.console.style, width: session.console.width)
    for line in lines { try session.console.line(line) }
    return .success
  }

  private static func row(_ entry: HistoryEntry, isCurrent: Bool) -> [Table.Field] {
    let role: Style.Role = entry.outcome == .applied ? .good : .bad
    let mark = isCurrent && entry.outcome == .applied ? "*" : ""
    return [
      .init("\(mark)\(entry.generation)"), .init(entry.time.short, .faint), .init(entry.cause.rawValue),
      .init(entry.outcome.rawValue, role), .init(entry.plugin ?? "-", .name), .init(entry.reason),
    ]
  }

  private static func show(_ number: Int, _ deployer: Deployer, _ session: Session) throws -> ExitCode {
    let base = try deployer.read(deployer.store.generation(number))
    guard base.diagnostics.isEmpty else { throw DeployError.invalid(base.diagnostics) }
    let generation = base.generation
    let document: JSON = [
      "generation": .int(Int64(number)), "time": .string("\(generation.time)"),
      "cause": .string(generation.cause.rawValue),
      "origin": generation.origin.map { .int(Int64($0)) } ?? .null,
      "effective": base.deployment.effective,
    ]
    try session.show(document) { [String(decoding: document.bytes(pretty: true), as: UTF8.self)] }
    return .success
  }
}
