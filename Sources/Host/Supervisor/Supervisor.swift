internal import CChannel
internal import Channel
internal import Envelope
internal import Glibc
internal import PluginABI

/// Starts instances, watches over them, starts them again when they end, and stops them in order.
///
/// It belongs to the loop's thread, and hears from the launcher's when a process is there.
package final class Supervisor {
  /// How long an instance may take over a stage of its start before `start` itself, ns: a library may be large and the
  /// machine busy.
  static let stageDeadline: Int64 = 10 * nanosecondsPerSecond
  /// How often a plugin's output is read between two ticks: 4 KiB each, 320 KiB a second.
  private static let outputReadsPerTick = 8
  /// How long `stop` may take, ns.
  static let stopDeadline = Int64(PROMETHEAN_STOP_SECONDS) * nanosecondsPerSecond

  /// How long an instance waits for what the host lacks before it looks again, ns.
  private static let lackInterval = nanosecondsPerSecond

  var deployment: Deployment
  let router: Router
  let log: Log
  let launcher: Launcher
  let secrets: SecretStore
  let quotas: DiskQuotas
  /// Told of descriptors to wait on, and of ones that are about to be closed.
  package var watch: (Int32, DescriptorRole, Instance) -> Void = { _, _, _ in }
  package var unwatch: (Int32) -> Void = { _ in }
  /// Told of each step of a change, with what it is.
  var onStep: (String) -> Void = { _ in }
  /// Whether everything is being stopped.
  var isStopping = false
  /// The change that is under way.
  var switchover: Switchover?

  /// What a descriptor of an instance's process is for.
  package enum DescriptorRole: UInt64 {
    case control, frames, end, output
  }

  package var instances: [Instance] { router.instances }

  /// Makes a supervisor of instances that the router knows.
  init(
    deployment: Deployment,
    router: Router,
    log: Log,
    launcher: Launcher,
    secrets: SecretStore,
    quotas: DiskQuotas
  ) {
    self.deployment = deployment
    self.router = router
    self.log = log
    self.launcher = launcher
    self.secrets = secrets
    self.quotas = quotas
    router.onViolation = { [weak self] instance, what in
      // Once: it goes on being read until it has ended.
      if instance.failure == nil { self?.audit(instance, "protocol violation: \(what)") }
      self?.kill(instance, "protocol violation: \(what)")
    }
    router.onUnfit = { [weak self] instance, why in self?.switchover?.fail(instance.plugin.id, why) }
  }

  // MARK: - Starting

  /// Starts what is due, and ends what is overdue.
  package func tick(now: Int64) {
    for instance in instances {
      listenAgain(to: instance)
      switch instance.state {
      case .waiting(let until) where until <= now && !isStopping: start(instance, now: now)
      case .starting(let stage, let deadline) where deadline <= now:
        kill(instance, "it was \(stage.rawValue) for longer than it may")
      case .stopping(let deadline) where deadline <= now: kill(instance, "stop took longer than it may")
      case .running: checkDeadline(of: instance, now: now)
      default: break
      }
      if instance.role == .retiring { finish(instance, now: now) }
    }
    switchover?.advance(now: now)
    if isStopping { stopNext(now: now) }
    quotas.tick(now: now, instances: instances)
  }

  /// Takes note of what plugins keep in files.
  func measured(_ found: DiskMeter.Answer, now: Int64) {
    quotas.measured(found, instances: instances, now: now) { kill($0, $1) }
  }

  func start(_ instance: Instance, now: Int64) {
    instance.generation += 1
    instance.unwell = nil
    instance.hasStopped = false
    instance.runningSince = nil
    instance.settled = 0
    do throws(LaunchError) {
      if let problem = secretsProblem(of: instance) { throw LaunchError(description: problem) }
      try launcher.launch(
        instance,
        siblings: instances.count { $0.plugin.id == instance.plugin.id },
        of: deployment
      )
      instance.isLaunching = true
      instance.state = .starting(.sandbox, deadline: now + Self.stageDeadline)
    } catch {
      ended(instance, reason: error.description, inVain: true, now: now)
    }
  }

  /// Has an instance wait until the host has what it lacks, without counting that against it.
  private func postpone(_ instance: Instance, _ lack: String, now: Int64) {
    if instance.lack == nil {
      log.error("cannot be started yet: \(lack)", plugin: instance.plugin.id, instance: instance.name)
    }
    instance.lack = lack
    instance.state = .waiting(until: now + Self.lackInterval)
  }

  /// Takes what became of an instance's launch.
  func launched(_ number: Int, _ result: Result<Launched, LaunchError>) {
    // It is kept as long as it is being launched.
    guard let instance = router.instance(numbered: number) else { return }
    let now = HostClock.monotonic
    instance.isLaunching = false
    switch result {
    case .success(let launched):
      instance.lack = nil
      take(launched.process, of: instance)
      instance.group = launched.group
      // It was to be ended before it was there.
      if instance.failure != nil { return launched.process.kill() }
      instance.state = .starting(.sandbox, deadline: now + Self.stageDeadline)
    case .failure(let error):
      instance.failure = nil
      guard instance.role != .retiring else { return router.remove(instance) }
      // Others serve in a successor's place, so it need not wait.
      if error.isLack, instance.role == .serving, !isStopping {
        instance.generation -= 1
        return postpone(instance, error.description, now: now)
      }
      ended(instance, reason: error.description, inVain: !error.isLack, now: now)
    }
  }

  private func take(_ process: RunnerProcess, of instance: Instance) {
    instance.process = process
    instance.outputReads = 0
    instance.output = PluginOutput(
      plugin: instance.plugin.id,
      instance: instance.name,
      tenant: instance.binding?.description,
      cap: .lines(perSecond: instance.plugin.limits.stderr)
    )
    watch(process.control, .control, instance)
    watch(process.channel.incoming, .frames, instance)
    watch(process.pidfd, .end, instance)
    watch(process.stderr, .output, instance)
    // Frames may be there before the first wait: the ring is read once, which also arms its bell.
    instance.hasMore = true
  }

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

  /// Waits again for the output of one that had written too much since the last tick.
  private func listenAgain(to instance: Instance) {
    if instance.outputReads >= Self.outputReadsPerTick, let process = instance.process {
      watch(process.stderr, .output, instance)
    }
    instance.outputReads = 0
  }

  /// Reads what a plugin has written to its standard output and error.
  ///
  /// At most so many pieces in a turn, as with messages, and in all until the next tick: who writes without end then
  /// waits for the host.
  package func readOutput(of instance: Instance, atMost count: Int = 1) {
    guard let process = instance.process else { return }
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    for _ in 0..<count {
      instance.outputReads += 1
      if instance.outputReads == Self.outputReadsPerTick { unwatch(process.stderr) }
      let count = unsafe read(process.stderr, &buffer, buffer.count)
      guard count >= 0 else { return }
      // The end: nobody can write any more.
      if count == 0 { return unwatch(process.stderr) }
      let suppressed = instance.metrics.logsSuppressed
      for record in instance.output?.receive(
        buffer[..<count],
        at: HostClock.monotonic,
        suppressed: { suppressed.add(UInt64($0)) }
      ) ?? [] { log.write(record) }
      if count < buffer.count { return }
    }
  }
}

extension PluginConfiguration.SandboxLevel {
  /// Reads WIRE_LEVEL_….
  init?(wire: Int32) {
    switch wire {
    case WIRE_LEVEL_FULL: self = .full
    case WIRE_LEVEL_LANDLOCK: self = .landlock
    case WIRE_LEVEL_NONE: self = .none
    default: return nil
    }
  }
}

extension Duration {
  /// The whole of it in nanoseconds.
  package var nanoseconds: Int64 {
    components.seconds * nanosecondsPerSecond + components.attoseconds / 1_000_000_000
  }
}
