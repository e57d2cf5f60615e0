/// What a change comes to once everything has been read and stored.
struct DeployWork: Sendable {
  let deployment: Deployment
  let plan: Plan
  /// What is to run, if that is another generation.
  let generation: Generation?
  /// The SHA-256 of the plugins.yml that was decided on; nil: none was looked at.
  let decided: String?
  let reason: String
  /// A plugin that gets new instances though nothing of it differs.
  let renewed: String?
  /// The libraries in the store, open, so that the loop need not read them.
  let libraries: [LibraryFile]
}

extension DeployWork {
  /// The generation that runs when it is done.
  var number: Int { generation?.number ?? plan.base ?? 0 }
}

extension Deployer {
  /// Reads, checks and stores what an order needs.
  func work(for kind: DeployOrder.Kind) throws -> DeployWork {
    switch kind {
    case .apply(let plan, let isApproved):
      let desired = desired()
      return try work(.apply, desired, check(desired, against: plan, isApproved: isApproved))
    case .rollback(let number):
      let target = try rollbackTarget(number)
      let base = try base()
      let plan = Plan(from: base?.generation.number, base?.deployment, to: target.deployment, approved: nil)
      let generation = try prepare(
        .rollback,
        origin: target.generation,
        manifest: target.generation.manifest,
        target.deployment
      )
      return try DeployWork(
        deployment: target.deployment,
        plan: plan,
        generation: generation,
        // What stands in plugins.yml now was decided against.
        decided: desired().digest,
        reason: "back to generation \(target.generation.number)",
        renewed: nil,
        libraries: stored(target.deployment)
      )
    case .reload(let plugin, let library):
      let desired = try desired(replacing: plugin, library: library)
      return try work(.reload, desired, check(desired, against: nil, isApproved: false), renewed: plugin)
    }
  }

  private func work(
    _ cause: Generation.Cause,
    _ desired: Desired,
    _ plan: Plan,
    renewed: String? = nil
  ) throws -> DeployWork {
    let deployment = try desired.whole()
    let generation = plan.isEmpty ? nil : try prepare(cause, manifest: desired.manifest, deployment)
    if plan.isEmpty, cause == .apply {
      try decide(desired.digest)
      try approve(plan, desired)
    }
    return try DeployWork(
      deployment: deployment,
      plan: plan,
      generation: generation,
      decided: cause == .apply ? desired.digest : nil,
      reason: plan.isEmpty && renewed == nil ? "nothing would change" : "",
      renewed: renewed,
      libraries: stored(deployment)
    )
  }

  /// The libraries of a deployment as they lie in the store, open.
  private func stored(_ deployment: Deployment) throws -> [LibraryFile] {
    var libraries = LibraryStore(directory: store.libraries)
    return try deployment.plugins.filter(\.enabled).map { try libraries.copy(of: $0.library) }
  }

  func commit(_ work: DeployWork) throws {
    guard let generation = work.generation else { return }
    try commit(generation, decided: work.decided, reason: work.reason)
  }
}
