extension Deployer {
  /// What a host starts with.
  struct Start {
    var deployment: Deployment
    /// What is wrong with plugins that are left out.
    var diagnostics: [Diagnostic] = []
    /// Why plugins.yml is not what runs, if it is not.
    var pending: String?
  }

  /// Decides what a host starts with, and makes it the generation that runs.
  ///
  /// The first time that is plugins.yml, without what is broken or what plugins.lock does not allow. After that a
  /// plugins.yml that was edited, or whose libraries were built anew, is applied if nothing is wrong with it and it
  /// widens nothing; else what ran before runs again, since a host that starts serves nobody by being strict. What a
  /// rollback or a reload has chosen stays until plugins.yml is edited.
  ///
  /// Whoever calls it holds the host's lock.
  func start() throws -> Start {
    try settle()
    let desired = desired()
    guard let base = try base() else { return try firstStart(desired) }
    let isChosen = base.generation.cause == .rollback || base.generation.cause == .reload
    if isChosen, try store.current()?.manifest == desired.digest {
      return Start(deployment: base.deployment, diagnostics: base.diagnostics)
    }
    do {
      let plan = try check(desired, against: nil, isApproved: false)
      if plan.isEmpty {
        try decide(desired.digest)
      } else {
        try commit(prepare(.start, manifest: desired.manifest, desired.whole()), decided: desired.digest)
      }
      return Start(deployment: try desired.whole())
    } catch let error as DeployError {
      try note(.start, .refused, reason: "\(error)")
      return Start(
        deployment: base.deployment,
        diagnostics: base.diagnostics,
        pending: "not applied, generation \(base.generation.number) runs: \(error)"
      )
    }
  }

  private func firstStart(_ desired: Desired) throws -> Start {
    guard var deployment = desired.deployment else { throw InvalidDeployment(diagnostics: desired.diagnostics) }
    var diagnostics = desired.diagnostics
    if let lock = try approved(nil) {
      let widened = Plan(from: nil, nil, to: deployment, approved: lock).widened
      for plugin in deployment.plugins {
        guard let gained = widened[plugin.id] else { continue }
        let words =
          "plugins.lock does not allow \(gained.joined(separator: ", ")) (promethean apply --approve agrees to it)"
        diagnostics.append(Diagnostic(plugin.location, words, plugin: plugin.id))
      }
      deployment.plugins.removeAll { widened[$0.id] != nil }
    }
    try commit(prepare(.start, manifest: desired.manifest, deployment), decided: desired.digest)
    return Start(deployment: deployment, diagnostics: diagnostics)
  }
}
