internal import CChannel
internal import Channel
internal import Envelope
internal import Glibc
internal import PluginABI

extension Supervisor {
  // MARK: - What a runner says

  /// Reads what an instance's runner has to say on the control socket.
  ///
  /// At most so many messages in a turn: who floods one is heard in the next, after everybody else.
  package func readControl(of instance: Instance, atMost count: Int = 16) {
    guard let process = instance.process else { return }
    do throws(RunnerError) {
      for _ in 0..<count {
        guard let message = try process.receiveControl() else { return }
        try handle(message, from: instance)
      }
    } catch .closed {
      // It is about to end, and its pidfd will tell how; unless a plugin has only closed it, and would run on unheard.
      unwatch(process.control)
      process.kill()
    } catch {
      kill(instance, error.description)
    }
  }

  private func handle(_ message: ControlMessage, from instance: Instance) throws(RunnerError) {
    let now = HostClock.monotonic
    // A plugin can write to its runner's end, so each message counts only in its turn.
    switch (Int32(bitPattern: message.kind), instance.state) {
    case (WIRE_SANDBOXED, .starting(.sandbox, _)):
      instance.level = PluginConfiguration.SandboxLevel(wire: Int32(truncatingIfNeeded: message.token))
      instance.levelReason = message.text
      instance.state = .starting(.load, deadline: now + stageLimit(of: instance))
      quotas.hold(instance)
      checkLevel(of: instance)
    case (WIRE_LOADED, .starting(.load, _)):
      instance.state = .starting(.create, deadline: now + stageLimit(of: instance))
    case (WIRE_CREATED, .starting(.create, _)):
      instance.canHandOver = message.token & UInt64(WIRE_HAS_HANDOVER) != 0
      // The sandbox is closed, and what the library did to be mapped is over.
      try giveSecrets(to: instance)
      if instance.role == .successor {
        instance.state = .starting(.created, deadline: .max)
        return switchover?.advance(now: now) ?? ()
      }
      instance.state = .starting(.start, deadline: now + instance.plugin.limits.start.nanoseconds)
      try instance.process?.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
    case (WIRE_TOOK, .starting(.take, _)):
      instance.state = .starting(.created, deadline: .max)
      switchover?.took(instance, message, now: now)
    case (WIRE_GAVE, .running) where instance.unwantedGifts > 0: instance.unwantedGifts -= 1
    case (WIRE_GAVE, .running) where switchover != nil: switchover?.gave(instance, message, now: now)
    case (WIRE_HEALTH, .starting(.start, _)), (WIRE_HEALTH, .running): hear(message, ofHealthOf: instance, now: now)
    case (WIRE_STARTED, .starting(.start, _)) where message.status == PROMETHEAN_OK: started(instance, now: now)
    case (WIRE_STARTED, .starting(.start, _)): kill(instance, "start failed: \(text(of: message))")
    case (WIRE_STOPPED, .stopping): instance.hasStopped = true
    case (WIRE_FAILED, _): failed(instance, at: Int32(truncatingIfNeeded: message.token), text(of: message))
    // What was on its way when it was told to stop.
    case (_, .stopping): break
    default: kill(instance, "its runner sent the control message \(message.kind) out of turn")
    }
  }

  func stageLimit(of instance: Instance) -> Int64 {
    min(Self.stageDeadline, instance.plugin.limits.start.nanoseconds)
  }

  /// What a runner says in words, which a plugin may have put a credential into.
  func text(of message: ControlMessage) -> String { secrets.redactor.redact(message.text) }

  /// Refuses a sandbox below what the operator requires.
  ///
  /// A runner is never asked for less, so this is its word against the policy's.
  private func checkLevel(of instance: Instance) {
    let levels = PluginConfiguration.SandboxLevel.allCases
    let found = instance.level.flatMap(levels.firstIndex) ?? levels.endIndex
    let required = levels.firstIndex(of: instance.plugin.require) ?? levels.startIndex
    guard found > required else { return }
    instance.isHopeless = true
    kill(
      instance,
      "it requires the sandbox \(instance.plugin.require), found \(instance.level?.rawValue ?? "none at all"): \(instance.levelReason)"
    )
  }

  private func started(_ instance: Instance, now: Int64) {
    guard case .starting(.start, _) = instance.state else { return }
    instance.state = .running
    instance.runningSince = now
    instance.refusal = nil
    if instance.role == .serving {
      instance.metrics.ready.set(1)
      router.ready(instance)
    }
    defer { switchover?.advance(now: now) }
    log.info(
      "ready",
      ["generation": .int(Int64(instance.generation)), "level": .string(instance.level?.rawValue ?? "none")],
      plugin: instance.plugin.id,
      instance: instance.name
    )
  }

  /// Takes note of how an instance says that it is.
  private func hear(_ message: ControlMessage, ofHealthOf instance: Instance, now: Int64) {
    let was = instance.unwell
    let reason = text(of: message)
    instance.unwell = message.status == PROMETHEAN_OK ? nil : reason.isEmpty ? "it does not say why" : reason
    guard instance.unwell != was else { return }
    if let unwell = instance.unwell {
      log.warn("unwell: \(unwell)", plugin: instance.plugin.id, instance: instance.name)
    } else if was != nil {
      log.info("well again", plugin: instance.plugin.id, instance: instance.name)
    }
    switchover?.advance(now: now)
  }

  /// Takes a runner's word for why it gives up; it ends by itself.
  private func failed(_ instance: Instance, at stage: Int32, _ text: String) {
    instance.failure = text
    // Only before any of the plugin's code is there does a runner speak for the machine.
    guard case .starting(.sandbox, _) = instance.state else {
      // What is wrong with a library does not get better by trying again.
      if case .starting(.load, _) = instance.state, stage == WIRE_STAGE_LOAD { instance.isHopeless = true }
      return
    }
    switch stage {
    case WIRE_STAGE_NAMESPACES where instance.plugin.require != .full:
      retry(instance, without: .namespaces, "namespaces are not to be had here, so plugins run without: \(text)")
    case WIRE_STAGE_LANDLOCK where instance.plugin.require == .none:
      retry(instance, without: .landlock, "Landlock is not to be had here, so plugins run without: \(text)")
    default: break
    }
  }

  /// Has an instance started again at once, without what this machine lacks.
  private func retry(_ instance: Instance, without omission: RunnerSetup.Omissions, _ message: String) {
    // Several may have been spawned before the first of them found out.
    if launcher.omissions.insert(omission).inserted { log.warn(message) }
    instance.retriesWithLess = true
  }

  // MARK: - What a plugin writes

  /// Waits again for the output of one that had written too much since the last tick.
  func listenAgain(to instance: Instance) {
    if instance.output?.isHeldBack == true, let process = instance.process {
      watch(process.stderr, .output, instance)
    }
    instance.output?.tick()
  }

  /// Reads what a plugin has written to its standard output and error.
  ///
  /// At most so many pieces in a turn, as with messages. One that is held back is read no more until the next tick: who
  /// writes without end then waits for the host.
  package func readOutput(of instance: Instance, atMost count: Int = 1) {
    guard let process = instance.process else { return }
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    for _ in 0..<count {
      let count = unsafe read(process.stderr, &buffer, buffer.count)
      guard count >= 0 else { return }
      // The end: nobody can write any more.
      if count == 0 { return unwatch(process.stderr) }
      var suppressed = 0
      let records = instance.output?.receive(buffer[..<count], at: HostClock.monotonic) { suppressed += $0 }
      for record in records ?? [] { log.write(record) }
      instance.metrics.logsSuppressed.add(UInt64(suppressed))
      if instance.output?.isHeldBack == true { unwatch(process.stderr) }
      if count < buffer.count { return }
    }
  }
}
