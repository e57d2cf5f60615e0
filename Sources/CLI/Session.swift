internal import CLinux
internal import Envelope
internal import Glibc
internal import Host

/// What a command works with: where it prints, and the deployment it is about.
struct Session {
  let console: Console
  let environment: [String: String]
  /// Whether results are wanted as JSON.
  let isJSON: Bool
  /// The path of the deployment's plugins.yml, as it was given.
  let deployment: String
  /// The directory that the file is in, without links where it exists.
  let directory: String

  /// Where a command asks for a password.
  let passwords: PasswordPrompt

  init(console: Console, input: Int32, invocation: Invocation, environment: [String: String]) {
    self.console = console
    passwords = PasswordPrompt(input: input, console: console)
    self.environment = environment
    isJSON = invocation.has(GlobalOption.json)
    deployment = Files.deployment(invocation.required(GlobalOption.deployment))
    directory = Files.resolved(Files.parent(of: deployment))
  }

  /// Connects to the deployment's host.
  func connect() throws -> AdminClient {
    let client: AdminClient
    do {
      client = try AdminClient(path: AdminClient.socketPath(directory: directory))
    } catch AdminClientError.noHost {
      throw CommandError.noHost(directory: directory)
    }
    client.watched = console.output
    return client
  }

  /// Prints a document for a tool, or else lines for a person.
  func show(_ json: @autoclosure () -> JSON, lines: () throws -> [String]) throws {
    if isJSON { return try console.json(json()) }
    for line in try lines() { try console.line(line) }
  }
}
