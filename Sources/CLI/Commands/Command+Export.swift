internal import Envelope

extension Command {
  static let export = Command(
    "export",
    "Prints what other programs need to run or know a deployment",
    details: "What is printed goes to standard output, to be put where the other program looks for it.",
    examples: [Example("promethean export systemd", "Prints a unit for the deployment of this directory.")],
    subcommands: [exportSystemd]
  )

  private static let user = Option.value(
    "user",
    .text("USER"),
    "Who the host is; not root.",
    default: SystemdUnit.packaged.user
  )

  private static let exportSystemd = Command(
    "systemd",
    "Prints a unit by which systemd runs the host",
    details: """
      The unit runs this program on this deployment, under a user that must be there and own the deployment's directory, with all that systemd can \
      take from a host without weakening the sandboxes of its plugins. systemd is told when the host is ready, and starts it again when it fails or hangs.
      """,
    options: [user],
    exits: [.failure: "there is no such deployment, or a service cannot be run on it"],
    examples: [
      Example(
        "promethean --deployment /srv/agents export systemd --user agents > /etc/systemd/system/agents.service",
        "Makes a service, which systemctl enable --now agents starts."
      )
    ]
  ) { invocation, session in
    guard Files.exists(session.deployment) else {
      throw CommandError.failed("\(session.deployment): there is no such file")
    }
    let unit = SystemdUnit(
      executable: Files.resolved("/proc/self/exe"),
      deployment: Files.resolved(session.deployment),
      user: invocation.required(user)
    )
    if let problem = unit.problem { throw CommandError.failed(problem) }
    if session.isJSON {
      try session.console.json(["unit": .string(unit.text)])
    } else {
      try session.console.text(unit.text)
    }
    return .success
  }
}
