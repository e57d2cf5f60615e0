internal import Envelope
internal import Host

extension Command {
  static let version = Command(
    "version",
    "Prints the version",
    details: "Prints the version of this executable. status --json has that of the running host.",
    examples: [Example("promethean version", "Prints promethean and its version.")]
  ) { _, session in try printVersion(session) }

  static func printVersion(_ session: Session) throws -> ExitCode {
    try session.show(["version": .string(Build.version)]) { ["promethean \(Build.version)"] }
    return .success
  }
}
