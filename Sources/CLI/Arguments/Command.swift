/// A command as it is typed, explained, completed and run.
///
/// Parsing, help pages and both completions are made from this one description, so that they cannot disagree.
struct Command: Sendable {
  /// What a command line, its result and its explanation look like.
  struct Example: Sendable {
    let line: String
    let meaning: String

    init(_ line: String, _ meaning: String) {
      self.line = line
      self.meaning = meaning
    }
  }

  /// What a command does once its arguments are known.
  typealias Body = @Sendable (Invocation, Session) throws -> ExitCode

  /// One word, unique among its siblings.
  let name: String
  /// One line, a verb with -s, no full stop.
  let summary: String
  /// Paragraphs, separated by an empty line.
  let details: String
  let arguments: [Argument]
  let options: [Option]
  /// What the exit codes mean here, where it is more than "it worked" and "it did not".
  let exits: [ExitCode: String]
  let examples: [Example]
  /// The commands below this one; a command has either these or a body.
  let subcommands: [Command]
  let body: Body?

  /// Describes a command that does something.
  init(
    _ name: String,
    _ summary: String,
    details: String,
    arguments: [Argument] = [],
    options: [Option] = [],
    exits: [ExitCode: String] = [:],
    examples: [Example],
    body: @escaping Body
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.arguments = arguments
    self.options = options
    self.exits = exits
    self.examples = examples
    self.subcommands = []
    self.body = body
  }

  /// Describes a command that only holds others.
  init(
    _ name: String,
    _ summary: String,
    details: String,
    options: [Option] = [],
    examples: [Example],
    subcommands: [Command]
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.arguments = []
    self.options = options
    self.exits = [:]
    self.examples = examples
    self.subcommands = subcommands
    self.body = nil
  }

  /// Every command at or below this one, with the words that lead to it.
  func all(below path: [String] = []) -> [(path: [String], command: Command)] {
    let own = path + [name]
    return [(own, self)] + subcommands.flatMap { $0.all(below: own) }
  }

  /// The command that `words` lead to, or nil.
  func descendant(_ words: some Sequence<String>) -> Command? {
    var command = self
    for word in words {
      guard let next = command.subcommands.first(where: { $0.name == word }) else { return nil }
      command = next
    }
    return command
  }
}
