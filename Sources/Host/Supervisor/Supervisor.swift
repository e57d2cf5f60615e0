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
    instance.hasWorked = false
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
