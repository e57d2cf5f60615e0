internal import Envelope
internal import Host

extension Command {
  private static let out = Option.value(
    "out",
    short: "o",
    .file(),
    "Writes the plan to a file, which apply then applies exactly or not at all."
  )

  static let plan = Command(
    "plan",
    "Shows what applying plugins.yml would change",
    details: """
      Compares plugins.yml and the libraries that it names with the generation that runs. For each plugin: hot (the host alone keeps what changes), \
      reload (new instances take over), start or stop, and why; grants gained (+) and lost (-); the keys of its configuration, without values that \
      are secret. Comments and order change nothing. No host need run, and no code of a plugin is run, or even mapped.

      What was approved is in plugins.lock; without one, it is what runs.
      """,
    options: [out, DeploymentFile.searchPath],
    exits: [
      .success: "nothing would change",
      .failure: "something is wrong; the reason is on standard error",
      .changes: "something would change",
      .unapproved: "grants would widen, which needs apply --approve",
    ],
    examples: [
      Example("promethean plan", "Shows what apply would do."),
      Example("promethean plan -o next.plan", "Keeps the plan, for promethean apply next.plan."),
    ]
  ) { invocation, session in
    let plan = try Deployer(invocation, session).plan(session)
    if let path = invocation[out] {
      let bytes = plan.json.bytes(pretty: true) + [UInt8(ascii: "\n")]
      try Files.write(bytes, to: path)
    }
    try session.show(plan.json) { PlanPage(plan: plan, style: session.console.style).lines }
    switch plan.verdict {
    case .nothing: return .success
    case .changes: return .changes
    case .needsApproval: return .unapproved
    }
  }
}
