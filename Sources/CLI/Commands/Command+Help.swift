internal import Envelope
internal import Host

extension Command {
  private static let words = Argument(
    .text("COMMAND"),
    "The command to explain; without one, promethean itself.",
    isRequired: false,
    isRepeatable: true
  )

  static let help = Command(
    "help",
    "Explains a command",
    details: "Prints what --help after the command prints. With --json, the description of the command as data.",
    arguments: [words],
    examples: [
      Example("promethean help dlq replay", "Explains one command."),
      Example("promethean help --json", "Describes every command, for a tool."),
    ]
  ) { invocation, session in
    let typed = invocation.all(words)
    var command = Command.promethean
    for word in typed {
      guard let next = command.descendant([word]) else {
        let nearest = word.nearest(in: command.subcommands.map(\.name))
        throw UsageError.unknownCommand(word, of: command.name, nearest: nearest)
      }
      command = next
    }
    return try explain(command, path: [Command.promethean.name] + typed, session)
  }

  /// Prints a command's page.
  static func explain(_ command: Command, path: [String], _ session: Session) throws -> ExitCode {
    let page = HelpPage(command: command, path: path, width: min(session.console.width ?? 100, 100))
    if session.isJSON {
      try session.console.json(page.json)
    } else {
      try session.console.text(page.text)
    }
    return .success
  }
}
