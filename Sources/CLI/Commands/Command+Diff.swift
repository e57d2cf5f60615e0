internal import Envelope
internal import Host

extension Command {
  private static let from = Generation.argument("GENERATION", "The generation to compare from; by default the current.")
  private static let to = Generation.argument("OTHER", "The generation to compare to; by default plugins.yml.")

  static let diff = Command(
    "diff",
    "Shows how the effective configuration differs, line by line",
    details: """
      Prints the lines by which what runs differs from what plugins.yml says, or by which two generations differ: defaults filled in, in an order \
      of its own, secrets left out. Beside that it says what is not as the current generation left it: plugins.lock edited by hand, a library in \
      var/store altered.
      """,
    arguments: [from, to],
    options: [DeploymentFile.searchPath],
    exits: [
      .success: "there is no difference",
      .failure: "something is wrong; the reason is on standard error",
      .changes: "there are differences",
    ],
    examples: [
      Example("promethean diff", "Compares what runs with plugins.yml."),
      Example("promethean diff 3", "Compares generation 3 with plugins.yml."),
      Example("promethean diff 3 5", "Compares two generations."),
    ]
  ) { invocation, session in
    let deployer = Deployer(invocation, session)
    let (old, new, drift) = try deployer.explaining(session) {
      let number = try invocation[from].flatMap(Int.init) ?? deployer.store.current()?.generation
      let old = try number.map { try deployer.read(deployer.store.generation($0)) }
      let other = try invocation[to].flatMap(Int.init).map { try deployer.read(deployer.store.generation($0)) }
      return (old, try other?.deployment ?? deployer.desired().whole(), try deployer.drift())
    }
    let difference = TextDifference(from: old?.deployment.effective ?? [:], to: new.effective)
    let before = old.map { "generation \($0.generation.number)" } ?? "nothing"
    let after = invocation[to].map { "generation \($0)" } ?? session.deployment
    let document: JSON = [
      "from": .string(before), "to": .string(after),
      "lines": .array(difference.lines.map { ["mark": .string($0.mark.rawValue), "text": .string($0.text)] }),
      "drift": .array(drift.map { .string($0) }),
    ]
    try session.show(document) {
      let style = session.console.style
      let head = difference.lines.isEmpty ? [] : [style(.heading, "--- \(before)"), style(.heading, "+++ \(after)")]
      return head + difference.lines.map { $0.shown(style) }
        + drift.map { style(.warning, Cells.printable("drift: \($0)")) }
    }
    return difference.lines.isEmpty && drift.isEmpty ? .success : .changes
  }
}

extension TextDifference.Line {
  fileprivate func shown(_ style: Style) -> String {
    let line = Cells.printable(mark.rawValue) + Cells.printable(text)
    switch mark {
    case .same: return line
    case .gap: return style(.faint, "@@")
    case .removed: return style(.bad, line)
    case .added: return style(.good, line)
    }
  }
}
