internal import Envelope
internal import Host

extension Deployer {
  /// What the session's deployment is changed with.
  init(_ invocation: Invocation, _ session: Session) {
    self.init(path: session.deployment, searchPath: DeploymentFile.directories(invocation))
  }

  /// Compares what runs with plugins.yml; what is wrong with either is printed, with its place.
  func plan(_ session: Session) throws -> Plan {
    try explaining(session) { try plan(desired()) }
  }

  /// Runs something, and prints what it found to be wrong with manifests a line each.
  func explaining<Result>(_ session: Session, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch DeployError.invalid(let diagnostics) where !session.isJSON {
      for diagnostic in diagnostics { session.console.remark(diagnostic.line) }
      throw CommandError.failed("\(session.deployment) cannot be used")
    }
  }
}

extension Generation {
  /// The generation as an argument of a command.
  static func argument(_ placeholder: String, _ help: String) -> Argument {
    Argument(.integer(placeholder, in: 1...Int.max), help, isRequired: false)
  }
}
