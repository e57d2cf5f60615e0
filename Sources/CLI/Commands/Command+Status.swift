internal import Envelope
internal import Host

extension Command {
  private static let wait = Option.value(
    "wait",
    .duration,
    "First waits until every instance is ready, stopped or quarantined, for at most this long."
  )

  static let status = Command(
    "status",
    "Shows the instances of the running host",
    details: """
      LEVEL is how strongly the kernel confines the instance: full (namespaces, Landlock and seccomp), landlock (no namespaces) or none. LAG is the \
      number of envelopes in the journal that it has still to be given. Below the table stands whatever is not as it should be, and then what \
      lies in plugins.d and does not run as it is: discovered (nothing in plugins.yml names it; below it stands what it requests), changed (it is \
      another library than the plugin runs that names it) or broken.
      """,
    options: [wait],
    exits: [.success: "a host answered, whatever the state of its instances"],
    examples: [
      Example("promethean status", "Prints the table of instances."),
      Example("promethean status --wait 10s --json", "Prints everything once the start is over."),
    ]
  ) { invocation, session in
    let client = try session.connect()
    let report: JSON
    if let limit = invocation[wait].flatMap(Duration.init(commandLine:)) {
      report = try client.call("wait_ready", ["timeout_ms": .int(limit.milliseconds)])
    } else {
      report = try client.call("status")
    }
    try session.show(report) {
      StatusPage(report).lines(style: session.console.style, width: session.console.width)
    }
    return .success
  }
}
