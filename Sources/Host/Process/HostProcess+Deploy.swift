internal import Envelope

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
    options.onStep("prepared")
    supervisor.launcher.know(changes.map(\.plugin), work.libraries)
    supervisor.change(
      changes,
      // Of instances that are only renewed, a host that is killed meanwhile keeps nothing.
      number: work.generation.map { Int64($0.number) } ?? .max,
      onSwitch: { gap in
        guard !changes.isEmpty else { return }
        let pause = gap == 0 ? "without a pause" : "deliveries paused for \(gap / 1000) µs"
        order.step(DeployStep(step: "switch", message: pause))
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
          refuse(refusal, order, base: work.plan.base)
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
    dropIns.use(work.deployment.host.keys)
    countDropIns()
    log.keep(from: work.deployment.host.logLevel)
    degraded["plugins.yml"] = nil
    for plugin in work.deployment.plugins { degraded["plugin \(plugin.id)"] = nil }
    isDeploying = false
    service?.reloaded()
    log.info("applied", ["generation": .int(Int64(work.number)), "cause": .string(order.cause.rawValue)])
    order.end(.success(DeployOutcome(generation: work.number, reason: work.reason)))
  }

  /// Notes that what ran before runs on: `base`, if it is known.
  private func refuse(_ refusal: DeployRefusal, _ order: DeployOrder, base: Int? = nil) {
    let deployer = deployer
    if case .reload(let plugin, _) = order.kind {
      for instance in supervisor.instances where instance.plugin.id == plugin { instance.refusal = refusal.message }
    }
    log.error(
      "\(order.cause.rawValue) \(refusal.outcome.rawValue): \(refusal.message)",
      plugin: refusal.plugin
    )
    onDeployThread({
      try deployer.note(order.cause, refusal.outcome, plugin: refusal.plugin, reason: refusal.message, base: base)
    }) { host, _ in
      // What is wrong with the disk is said by whoever next needs it.
      try? host.supervisor.secrets.use(host.deployment.tenants)
      host.isDeploying = false
      host.service?.reloaded()
      order.end(.failure(refusal))
    }
  }
}

/// Something of the loop's that passes through another thread, which does not touch it.
@safe private struct Handed<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}
