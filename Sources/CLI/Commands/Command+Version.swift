internal import Envelope

/// The version of the host, its runner and this command line, which are released together.
private let programVersion = "0.1.0"

extension Command {
  static let version = Command(
    "version",
    "Prints the version",
    details: "Prints the version of this executable. status --json has that of the running host.",
    examples: [Example("promethean version", "Prints promethean and its version.")]
  ) { _, session in try printVersion(session) }

  static func printVersion(_ session: Session) throws -> ExitCode {
    try session.show(["version": .string(programVersion)]) { ["promethean \(programVersion)"] }
    return .success
  }
}
