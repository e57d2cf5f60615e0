internal import Envelope
internal import Locking

/// A change of what runs, as somebody has asked for it.
struct DeployOrder: Sendable {
  enum Kind: Sendable {
    /// To what plugins.yml says; by a plan, if one is given, and no other.
    case apply(Plan?, isApproved: Bool)
    /// To an earlier generation; nil: the one before.
    case rollback(Int?)
    /// To a plugin's library as it is now, or another one.
    case reload(plugin: String, library: String?)
  }

  let kind: Kind
  /// Hears of steps, on the loop's thread.
  let step: @Sendable (DeployStep) -> Void
  /// Hears once how it ended, on the loop's thread.
  let end: @Sendable (Result<DeployOutcome, DeployRefusal>) -> Void

  var cause: Generation.Cause {
    switch kind {
    case .apply: .apply
    case .rollback: .rollback
    case .reload: .reload
    }
  }
}

/// A step of a change that others may watch.
struct DeployStep: Sendable {
  let step: String
  var plugin = ""
  var message = ""
}

/// What a change has come to.
struct DeployOutcome: Sendable {
  let generation: Int
  let reason: String
}

/// Why what ran before runs on.
struct DeployRefusal: Error, Sendable {
  /// A word for tools.
  let code: String
  let message: String
  var outcome = HistoryEntry.Outcome.refused
  var plugin: String?
}

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

extension HostProcess {
  /// Changes what runs, all of it or nothing.
  ///
  /// Files are read, and written, on the deploy thread.
  func deploy(_ order: DeployOrder) {
    guard options.only == nil else {
      return order.end(.failure(DeployRefusal(code: "unavailable", message: "the host runs with --safe")))
    }
    guard !isDeploying, !supervisor.isStopping else {
      let why = supervisor.isStopping ? "the host stops" : "another change is under way"
      return order.end(.failure(DeployRefusal(code: "unavailable", message: why)))
    }
    isDeploying = true
    service?.reloading()
    let deployer = deployer
    onDeployThread({ try deployer.work(for: order.kind) }) { host, result in
      switch result {
      case .success(let work): host.perform(work, order)
      case .failure(let error): host.refuse(DeployRefusal(error), order)
      }
    }
  }

  /// Runs something on the deploy thread, and then something on the loop's with what it came to.
  private func onDeployThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value,
    _ then: @escaping @Sendable (HostProcess, Result<Value, any Error>) -> Void
  ) {
    let events = events
    deployThread.perform {
      let result = Result { try body() }
      events.post(.perform { then($0, result) })
    }
  }

  private func perform(_ work: DeployWork, _ order: DeployOrder) {
    let changes = changes(of: work)
    for change in changes {
      let step = change.configuration == nil ? "stop" : change.isReplaced ? "start" : "change"
      order.step(DeployStep(step: step, plugin: change.plugin))
    }
    do throws(SecretError) { try supervisor.secrets.use(work.deployment.tenants) } catch {
      return refuse(DeployRefusal(code: "failed", message: error.description), order)
    }
    supervisor.launcher.know(changes.map(\.plugin), work.libraries)
    supervisor.change(
      changes,
      onSwitch: { gap in
        order.step(DeployStep(step: "switch", message: "nobody took for \(gap / 1000) µs"))
      },
      confirm: { [weak self] confirmed in self?.commit(work, order, confirmed) },
      completion: { [weak self] result in
        guard let self else { return }
        switch result {
        case .success: adopt(work, order)
        case .failure(let failure):
          let outcome: HistoryEntry.Outcome = failure.hasSwitched ? .returned : .refused
          let refusal = DeployRefusal(
            code: "refused",
            message: failure.description,
            outcome: outcome,
            plugin: failure.plugin.isEmpty ? nil : failure.plugin
          )
          refuse(refusal, order)
        }
      }
    )
  }

  /// What becomes of each plugin that differs.
  private func changes(of work: DeployWork) -> [Switchover.Change] {
    var changes = work.plan.plugins.compactMap { plugin -> Switchover.Change? in
      let configuration = work.deployment.plugin(plugin.id)
      switch plugin.action {
      case .none: return nil
      case .hot: return Switchover.Change(plugin: plugin.id, configuration: configuration, isReplaced: false)
      case .reload, .start: return Switchover.Change(plugin: plugin.id, configuration: configuration, isReplaced: true)
      case .stop: return Switchover.Change(plugin: plugin.id, configuration: nil, isReplaced: true)
      }
    }
    if let plugin = work.renewed, let configuration = work.deployment.plugin(plugin),
      !changes.contains(where: { $0.plugin == plugin })
    {
      changes.append(Switchover.Change(plugin: plugin, configuration: configuration, isReplaced: true))
    }
    return changes
  }

  /// Makes a generation that has proved itself the one that runs, whatever becomes of the host from here on.
  private func commit(_ work: DeployWork, _ order: DeployOrder, _ confirmed: @escaping (String?) -> Void) {
    let deployer = deployer
    let confirm = Handed(confirmed)
    onDeployThread({ try deployer.commit(work) }) { _, result in
      switch result {
      case .success: confirm.value(nil)
      case .failure(let error): confirm.value("it cannot be recorded: \(error)")
      }
    }
  }

  private func adopt(_ work: DeployWork, _ order: DeployOrder) {
    deployment = work.deployment
    supervisor.adopt(work.deployment)
    log.keep(from: work.deployment.host.logLevel)
    degraded["plugins.yml"] = nil
    for plugin in work.deployment.plugins { degraded["plugin \(plugin.id)"] = nil }
    isDeploying = false
    service?.ready()
    log.info("applied", ["generation": .int(Int64(work.number)), "cause": .string(order.cause.rawValue)])
    order.end(.success(DeployOutcome(generation: work.number, reason: work.reason)))
  }

  private func refuse(_ refusal: DeployRefusal, _ order: DeployOrder) {
    let deployer = deployer
    if case .reload(let plugin, _) = order.kind {
      for instance in supervisor.instances where instance.plugin.id == plugin { instance.refusal = refusal.message }
    }
    log.error(
      "\(order.cause.rawValue) \(refusal.outcome.rawValue): \(refusal.message)",
      plugin: refusal.plugin
    )
    onDeployThread({
      try deployer.note(order.cause, refusal.outcome, plugin: refusal.plugin, reason: refusal.message)
    }) { host, _ in
      // What is wrong with the disk is said by whoever next needs it.
      try? host.supervisor.secrets.use(host.deployment.tenants)
      host.isDeploying = false
      host.service?.ready()
      order.end(.failure(refusal))
    }
  }
}

extension DeployWork {
  /// The generation that runs when it is done.
  var number: Int { generation?.number ?? plan.base ?? 0 }
}

extension DeployRefusal {
  init(_ error: any Error) {
    self.init(code: (error as? DeployError)?.code ?? "failed", message: "\(error)")
  }
}

/// Something of the loop's that passes through another thread, which does not touch it.
@safe private struct Handed<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
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
