internal import Envelope

extension Supervisor {
  /// Replaces what runs by something else, all of it or nothing.
  ///
  /// - Parameters:
  ///   - changes: What is to become of each plugin that changes.
  ///   - number: The generation of the deployment that this makes.
  ///   - onSwitch: Called at the point at which the new instances take over, with how long nobody took, ns.
  ///   - confirm: Called when the new ones have proved themselves, to make that last; to be told why it cannot, or nil.
  ///   - completion: Called once, with why the old ones serve on if they do.
  func change(
    _ changes: [Switchover.Change],
    number: Int64,
    onSwitch: @escaping (Int64) -> Void,
    confirm: @escaping (@escaping (String?) -> Void) -> Void,
    completion: @escaping (Result<Void, Switchover.Failure>) -> Void
  ) {
    guard switchover == nil else {
      return completion(
        .failure(Switchover.Failure(plugin: changes.first?.plugin ?? "", reason: "another change is under way"))
      )
    }
    makeConsumers(changes.compactMap(\.configuration).flatMap(ConsumerPlan.all)) { [weak self] problem in
      guard let self else { return }
      // The journal was waited for.
      if let problem = problem ?? (isStopping ? "the host stops" : nil) {
        return completion(.failure(Switchover.Failure(plugin: changes.first?.plugin ?? "", reason: problem)))
      }
      let switchover = Switchover(
        changes.map { group($0, number: number) },
        number: number,
        supervisor: self,
        onSwitch: onSwitch,
        confirm: confirm,
        completion: { [weak self] result in
          self?.switchover = nil
          completion(result)
        }
      )
      self.switchover = switchover
      switchover.begin(now: HostClock.monotonic)
    }
  }

  /// Has a change that is under way go as far as it can.
  func advance(now: Int64) { switchover?.advance(now: now) }

  /// Makes the consumers that there are not yet; they hear nothing so far.
  private func makeConsumers(_ plans: [ConsumerPlan], completion: @escaping (String?) -> Void) {
    guard let plan = plans.first(where: { router.consumer(named: $0.name) == nil }) else { return completion(nil) }
    router.journal.ask(.consumer(name: plan.name, fromStart: false)) { [weak self] result in
      switch result {
      case .success(.consumer(let record)):
        self?.router.addSilent(plan, record)
        self?.makeConsumers(plans, completion: completion)
      case .success: preconditionFailure("a consumer is answered by its record")
      case .failure(let error): completion(error.description)
      }
    }
  }

  private func group(_ change: Switchover.Change, number: Int64) -> Switchover.Group {
    var left = instances.filter { $0.plugin.id == change.plugin && $0.role == .serving }
    let before = left.first?.plugin
    var pairs: [Switchover.Pair] = []
    for plan in change.configuration.map(ConsumerPlan.all) ?? [] {
      guard let configuration = change.configuration, let consumer = router.consumer(named: plan.name) else { continue }
      for member in plan.members {
        let index = left.firstIndex { $0.binding == member.binding && $0.replica == member.replica }
        let old = index.map { left.remove(at: $0) }
        if old != nil, !change.isReplaced { continue }
        let new = router.add(member, of: configuration, to: consumer)
        (new.role, new.isHeld, new.generation) = (.successor, true, old?.generation ?? 0)
        new.draft = number
        pairs.append(Switchover.Pair(old: old, new: new))
      }
    }
    pairs += left.map { Switchover.Pair(old: $0, new: nil) }
    return Switchover.Group(change, pairs: pairs, before: before)
  }

  /// Goes by another deployment, whose instances run.
  func adopt(_ deployment: Deployment) {
    self.deployment = deployment
    for instance in instances where instance.role == .serving {
      if let configuration = deployment.plugin(instance.plugin.id) { instance.adopt(configuration) }
    }
    quotas.adopt(deployment, instances: instances)
  }

  // MARK: - The end of a generation

  /// Has an instance finish what it has, stop, and be gone.
  func retire(_ instance: Instance, now: Int64) {
    instance.role = .retiring
    instance.isHeld = true
    instance.drainUntil = now + instance.plugin.limits.drain.nanoseconds
    finish(instance, now: now)
  }

  /// Has an instance that retires go on to its end, as far as it can.
  func finish(_ instance: Instance, now: Int64) {
    switch instance.state {
    case .running where instance.deliveries.count == 0 || instance.drainUntil <= now: stop(instance, now: now)
    case .starting: discard(instance, "its place is taken")
    case .waiting, .stopped, .quarantined: router.remove(instance)
    default: break
    }
  }

  /// Ends an instance at once, and forgets it.
  func discard(_ instance: Instance, _ reason: String) {
    instance.role = .retiring
    instance.isHeld = true
    if instance.hasProcess { kill(instance, reason) } else { router.remove(instance) }
  }
}
