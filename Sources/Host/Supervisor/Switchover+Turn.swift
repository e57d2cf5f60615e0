internal import CChannel
internal import Envelope

extension Switchover {
  // MARK: - The switch

  func takeOver(now: Int64) {
    for group in groups {
      for old in group.olds { old.isHeld = true }
      resubscribe(group, keepsFormer: true)
      for new in group.news {
        new.isHeld = false
        new.probation = .open
        if group.keepsState || group.taken.contains(new.number) { new.accounting = .withheld }
        router.subscribeHeld(of: new)
        new.metrics.ready.set(1)
        router.ready(new)
      }
      for consumer in group.abandoned(of: router) { router.silence(consumer) }
    }
    phase = .proving(since: now)
    supervisor.onStep("switched")
    onSwitch(groups.compactMap(\.heldSince).map { now - $0 }.max() ?? 0)
    prove(since: now, now: now)
  }

  /// Has the consumers of a group hear what the new ones subscribe to.
  private func resubscribe(_ group: Group, keepsFormer: Bool) {
    for plan in group.plans {
      guard let consumer = router.consumer(named: plan.name),
        let member = group.news.first(where: { $0.consumer == consumer.number })
      else { continue }
      router.resubscribe(consumer, to: plan.patterns, by: member, keepsFormer: keepsFormer)
    }
  }

  func prove(since: Int64, now: Int64) {
    for new in news {
      if let unwell = new.unwell { return fail(new.plugin.id, "it is unwell: \(unwell)") }
    }
    guard now >= since + Self.observation else { return }
    for new in news where new.probation != .passed {
      guard now >= since + Self.probation, new.deliveries.count == 0 else { return }
    }
    phase = .confirming
    supervisor.onStep("proved")
    confirm { [weak self] problem in
      guard let self else { return }
      // It may have failed meanwhile.
      guard case .confirming = phase else { return }
      if let problem { fail(news.first?.plugin.id ?? "", problem) } else { succeed() }
    }
  }

  private func succeed() {
    let now = HostClock.monotonic
    phase = .over
    supervisor.onStep("recorded")
    router.journal.settleDrafts(.keepDrafts(generation: number))
    for group in groups { resubscribe(group, keepsFormer: false) }
    for new in news {
      new.role = .serving
      new.draft = 0
      new.probation = .none
      new.trial = nil
      router.countWithheld(by: new)
      router.ready(new)
    }
    for old in olds { supervisor.retire(old, now: now) }
    completion(.success(()))
  }

  // MARK: - The way back

  /// Puts the old generation back.
  func fail(_ plugin: String, _ reason: String) {
    let hasSwitched: Bool
    switch phase {
    case .preparing: hasSwitched = false
    case .proving, .confirming: hasSwitched = true
    case .over: return
    }
    phase = .over
    for group in groups {
      for new in group.news {
        new.isHeld = true
        router.takeBackWithheld(by: new)
        supervisor.discard(new, "the generation is not to be: \(reason)")
      }
      for old in group.olds {
        old.isHeld = false
        if group.asked.contains(old.number) {
          if !group.given.contains(old.number) { old.unwantedGifts += 1 }
          resume(old)
        }
        if old.isRunning { old.metrics.ready.set(1) }
        router.ready(old)
      }
      if hasSwitched { restore(group) }
      if group.plugin == plugin { for old in group.olds { old.refusal = reason } }
    }
    router.journal.settleDrafts(.dropDrafts)
    completion(.failure(Failure(plugin: plugin, reason: reason, hasSwitched: hasSwitched)))
  }

  private func resume(_ old: Instance) {
    do throws(RunnerError) { try old.process?.sendControl(ControlMessage(kind: UInt32(WIRE_RESUME))) } catch {
      supervisor.kill(old, error.description)
    }
  }

  /// Has the consumers of a group hear what they heard before.
  private func restore(_ group: Group) {
    for plan in group.before.map(ConsumerPlan.all) ?? [] {
      guard let consumer = router.consumer(named: plan.name),
        let member = group.olds.first(where: { $0.consumer == consumer.number })
      else { continue }
      router.resubscribe(consumer, to: plan.patterns, by: member)
    }
    let heard = Set(group.olds.map(\.consumer))
    for plan in group.plans {
      guard let consumer = router.consumer(named: plan.name), !heard.contains(consumer.number) else { continue }
      router.silence(consumer)
    }
  }
}
