internal import Envelope
internal import Glibc
internal import Host

/// The command line from its words to its exit code.
struct Program {
  let environment: [String: String]
  /// Where passwords come from.
  var input = STDIN_FILENO
  /// Where results and errors go.
  var output = STDOUT_FILENO
  var errors = STDERR_FILENO

  /// Runs what the words ask for.
  func run(_ words: [String]) -> ExitCode {
    // An error may lie before the option that would have asked for JSON or for no colour.
    let isJSON = words.prefix { $0 != "--" }.contains("--\(GlobalOption.json.name)")
    let noColor =
      words.contains("--\(GlobalOption.noColor.name)") || environment["NO_COLOR"].map { !$0.isEmpty } == true
    let console = Console(output: output, errors: errors, isColored: !noColor)
    do {
      let invocation = try Parser(root: .promethean, environment: environment).parse(words)
      let session = Session(console: console, input: input, invocation: invocation, environment: environment)
      let code = try Self.run(invocation, session)
      try console.flush()
      return code
    } catch let error as UsageError {
      return report(error, words, console, isJSON)
    } catch {
      return report(error, console, isJSON)
    }
  }

  private static func run(_ invocation: Invocation, _ session: Session) throws -> ExitCode {
    if invocation.has(GlobalOption.help) {
      return try Command.explain(invocation.command, path: invocation.path, session)
    }
    if invocation.has(GlobalOption.version) { return try Command.printVersion(session) }
    guard let body = invocation.command.body else {
      preconditionFailure("\(invocation.path) has neither commands nor a body")
    }
    return try body(invocation, session)
  }

  private func report(_ error: UsageError, _ words: [String], _ console: Console, _ isJSON: Bool) -> ExitCode {
    Self.print(code: "usage", "\(error)", console, isJSON)
    var path = [Command.promethean.name]
    for word in words where Command.promethean.descendant(path.dropFirst() + [word]) != nil { path.append(word) }
    if !isJSON { console.remark("\(path.joined(separator: " ")) --help explains") }
    // Where 2 says that there are changes, a slip of the keyboard must not say so.
    let saysChanges = Command.promethean.descendant(path.dropFirst())?.exits[.changes] != nil
    return saysChanges ? .failure : .usage
  }

  private func report(_ error: any Error, _ console: Console, _ isJSON: Bool) -> ExitCode {
    switch error {
    case Console.Failure.closed, AdminClientError.abandoned:
      return .success
    case DeployError.unapproved:
      try? console.flush()
      Self.print(code: Self.code(of: error), "\(error)", console, isJSON)
      return .unapproved
    case AdminClientError.refused(code: "unapproved", let message):
      try? console.flush()
      Self.print(code: "unapproved", message, console, isJSON)
      return .unapproved
    default:
      try? console.flush()
      Self.print(code: Self.code(of: error), Self.message(of: error), console, isJSON)
      return .failure
    }
  }

  private static func print(code: String, _ message: String, _ console: Console, _ isJSON: Bool) {
    let error: JSON = ["error": ["code": .string(code), "message": .string(message)]]
    console.remark(isJSON ? error.text : "promethean: \(Cells.printable(message))")
  }

  private static func code(of error: any Error) -> String {
    switch error {
    case AdminClientError.refused(let code, _): code
    case CommandError.noHost: "unavailable"
    case let error as DeployError: error.code
    default: "failed"
    }
  }

  private static func message(of error: any Error) -> String {
    switch error {
    case Console.Failure.failed(let code): "cannot write: \(systemMessage(code))"
    // It says so itself.
    case AdminClientError.refused(code: "stale", let message): message
    default: "\(error)"
    }
  }

  /// What this process's environment says of what the command line reads there.
  ///
  /// Nothing else is copied out of it: some of it may be credentials. What a service manager said to this process is
  /// taken out of it.
  static func processEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    let global = GlobalOption.all.compactMap(\.environment)
    for name in Command.promethean.variables.union(global + ["NO_COLOR", Command.credentialsVariable]) {
      if let value = unsafe getenv(name) { result[name] = unsafe String(cString: value) }
    }
    for name in ServiceManager.Wishes.variables {
      guard let value = unsafe getenv(name) else { continue }
      result[name] = unsafe String(cString: value)
      unsafe unsetenv(name)
    }
    return result
  }
}

extension Command {
  /// The variables that options are also read from, here and in the commands below.
  fileprivate var variables: Set<String> {
    subcommands.reduce(Set(options.compactMap(\.environment))) { $0.union($1.variables) }
  }
}
