internal import Envelope
internal import Host

extension Command {
  private static let runner = Option.value(
    "runner",
    .file(),
    "The program that instances live in; by default promethean-runner beside this program."
  )
  private static let verbose = Option.flag("verbose", short: "v", "Shows what is logged on standard error too.")

  private static let safe = Option.flag("safe", "Starts only the plugins that are named, none of them if none is.")
  private static let plugins = Argument(
    .text("PLUGIN"),
    "With --safe, the plugins to start.",
    isRequired: false,
    isRepeatable: true
  )

  /// Where systemd says that a service's credentials are.
  static let credentialsVariable = "CREDENTIALS_DIRECTORY"

  static let up = Command(
    "up",
    "Runs the host in the foreground",
    details: """
      Reads plugins.yml, starts every plugin in a sandboxed process of its own, and prints the table of instances once all are ready or will not be. \
      Ctrl-C, SIGTERM or promethean down stops everything in order; a second Ctrl-C at once. What the host keeps is in var beside plugins.yml.

      Under systemd it says when it is ready, how it is, and that it still works; promethean export systemd prints a unit.

      With --safe nothing starts but the plugins that are named; the others are shown as STOPPED, and the journal keeps what is for them.
      """,
    arguments: [plugins],
    options: [DeploymentFile.searchPath, runner, safe, verbose],
    exits: [
      .success: "the host was told to stop, and everything stopped in order",
      .failure: "plugins.yml cannot be used, a host runs already, or something had to be ended by force",
    ],
    examples: [
      Example("promethean up", "Runs the deployment of this directory until Ctrl-C."),
      Example("promethean up --safe storage echo", "Starts two plugins, and none of the others."),
      Example("promethean up --json | head -1", "Prints the state of all instances as JSON once they are ready."),
    ]
  ) { invocation, session in
    var options = HostOptions(
      deployment: session.deployment,
      searchPath: DeploymentFile.directories(invocation),
      runner: invocation[runner] ?? "\(Files.executableDirectory())/promethean-runner"
    )
    if let first = invocation.all(plugins).first, !invocation.has(safe) {
      throw UsageError.combination("\(first) is named without --safe, which starts only what is named")
    }
    if invocation.has(safe) { options.only = Set(invocation.all(plugins)) }
    options.isVerbose = invocation.has(verbose)
    options.credentialsDirectory = session.environment[credentialsVariable]
    options.service = ServiceManager.Wishes(environment: session.environment)
    let given = invocation.has(GlobalOption.deployment) ? invocation[GlobalOption.deployment] : nil
    options.onReady = greeting(deployment: given, session)
    let host: HostProcess
    do {
      host = try HostProcess(options: options)
    } catch let error as InvalidDeployment {
      for diagnostic in error.diagnostics { session.console.remark(diagnostic.line) }
      throw CommandError.failed("\(session.deployment) cannot be used")
    }
    let code = try host.run()
    if !session.isJSON { try session.console.line("stopped") }
    return code == 0 ? .success : .failure
  }

  /// What prints the state of the host, on the host's thread, where the session's own console cannot go.
  private static func greeting(deployment: String?, _ session: Session) -> @Sendable (JSON) -> Void {
    let isJSON = session.isJSON
    let isColored = session.console.style.isColored
    let descriptors = (session.console.output, session.console.errors)
    return { status in
      let console = Console(output: descriptors.0, errors: descriptors.1, isColored: isColored)
      // Whoever started a host and does not read what it prints has still started a host.
      if isJSON {
        try? console.json(status)
      } else {
        let page = WelcomePage(status: status, deployment: deployment)
        for line in page.lines(style: console.style, width: console.width) { try? console.line(line) }
      }
      try? console.flush()
    }
  }
}
