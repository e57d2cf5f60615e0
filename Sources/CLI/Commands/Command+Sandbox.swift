internal import Envelope
internal import Host

extension Command {
  private static let runner = Option.value(
    "runner",
    .file(),
    "The program that instances live in; by default promethean-runner beside this program."
  )

  static let sandbox = Command(
    "sandbox",
    "Shows what sandbox plugins get on this machine, and why not more",
    details: """
      Closes the sandbox around a runner that maps no plugin, as the host does before it maps one, and prints the level that is reached: \
      full, landlock (no namespaces) or none (neither). A plugin whose entry in plugins.yml says require: LEVEL does not run below it. \
      No host need run. docs/security.md says what each layer keeps a plugin from.
      """,
    options: [runner],
    exits: [.success: "plugins can run here", .failure: "not even the least sandbox can be closed"],
    examples: [
      Example("promethean sandbox", "Prints the level, and what the kernel offers."),
      Example("promethean sandbox --json", "Prints the same as JSON."),
    ]
  ) { invocation, session in
    let probe = try SandboxProbe(
      runner: invocation[runner] ?? "\(Files.executableDirectory())/promethean-runner"
    )
    let features = KernelFeatures()
    let answer: JSON = [
      "level": .string(probe.level.rawValue), "missing": .string(probe.missing),
      "failures": .array(probe.failures.map { .string($0) }), "kernel": .string(features.kernel),
      "landlock": .int(Int64(features.landlock)), "secret_memory": .bool(features.secretMemory),
      "user_per_plugin": .bool(features.isRoot),
    ]
    try session.show(answer) {
      let style = session.console.style
      let level = style(probe.level == .full ? .good : .bad, probe.level.rawValue)
      return [
        "level          \(level)\(probe.missing.isEmpty ? "" : ", \(probe.missing)")"
      ] + probe.failures.map { "               \(Cells.printable($0))" } + [
        "kernel         \(features.kernel)",
        "namespaces     \(probe.level == .full ? "yes" : "no")",
        "Landlock       \(features.landlock == 0 ? "no" : "yes, ABI \(features.landlock)")",
        "seccomp        yes",
        "secret memory  \(features.secretMemory ? "yes" : "no: root can read credentials")",
        "users          \(features.isRoot ? "one for each plugin" : "plugins share the host's: start it as root for one each")",
      ]
    }
    return .success
  }
}
