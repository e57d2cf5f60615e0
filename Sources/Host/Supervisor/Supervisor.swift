internal import CChannel
internal import Channel
internal import Envelope
internal import Glibc
internal import PluginABI

/// Starts instances, watches over them, starts them again when they end, and stops them in order.
///
/// It belongs to the loop's thread, which never ends before the host does: the kernel kills a runner when the thread that spawned it ends.
package final class Supervisor {
  /// How long an instance may take over a stage of its start, ns: a library may be large and the machine busy.
  static let stageDeadline: Int64 = 10 * nanosecondsPerSecond
  /// How long `start` may take, ns: a model may have to be loaded.
  static let startDeadline: Int64 = 60 * nanosecondsPerSecond
  /// How long `stop` may take, ns.
  static let stopDeadline: Int64 = 10 * nanosecondsPerSecond

  let deployment: Deployment
  let router: Router
  let log: Log
  let launcher: Launcher
  /// Told of descriptors to wait on, and of ones that are about to be closed.
  package var watch: (Int32, DescriptorRole, Instance) -> Void = { _, _, _ in }
  package var unwatch: (Int32) -> Void = { _ in }
  /// The kind of plugin that is being stopped; nil while nothing is.
  var stopping: PluginKind?

  /// What a descriptor of an instance's process is for.
  package enum DescriptorRole: UInt64 {
    case control, frames, end, output
  }

  package var instances: [Instance] { router.instances }

  /// Makes a supervisor of instances that the router knows.
  package init(deployment: Deployment, router: Router, log: Log, launcher: Launcher) {
    self.deployment = deployment
    self.router = router
    self.log = log
    self.launcher = launcher
    router.onViolation = { [weak self] instance, what in self?.kill(instance, "protocol violation: \(what)") }
  }

  // MARK: - Starting

  /// Starts what is due, and ends what is overdue.
  package func tick(now: Int64) {
    for instance in instances {
      switch instance.state {
      case .waiting(let until) where until <= now && stopping == nil: start(instance, now: now)
      case .starting(let stage, let deadline) where deadline <= now:
        kill(instance, "it was \(stage.rawValue) for longer than it may")
      case .stopping(let deadline) where deadline <= now: kill(instance, "stop took longer than it may")
      case .running: checkDeadline(of: instance, now: now)
      default: break
      }
    }
    if stopping != nil { stopNext(now: now) }
  }

  private func start(_ instance: Instance, now: Int64) {
    instance.generation += 1
    instance.hasStopped = false
    instance.runningSince = nil
    instance.settled = 0
    do throws(LaunchError) {
      let process = try launcher.launch(instance, of: deployment)
      instance.process = process
      instance.output = PluginOutput(
        plugin: instance.plugin.id,
        instance: instance.name,
        tenant: instance.binding?.description
      )
      instance.state = .starting(.sandbox, deadline: now + Self.stageDeadline)
      watch(process.control, .control, instance)
      watch(process.channel.incoming, .frames, instance)
      watch(process.pidfd, .end, instance)
      watch(process.stderr, .output, instance)
      // Frames may be there before the first wait: the ring is read once, which also arms its bell.
      instance.hasMore = true
    } catch {
      ended(instance, reason: error.description, inVain: true, now: now)
    }
  }

  // MARK: - What a runner says

  /// Reads what an instance's runner has to say on the control socket.
  package func readControl(of instance: Instance) {
    guard let process = instance.process else { return }
    do throws(RunnerError) {
      while let message = try process.receiveControl() { try handle(message, from: instance) }
    } catch .closed {
      // It is about to end; its pidfd will tell how.
      unwatch(process.control)
    } catch {
      kill(instance, error.description)
    }
  }

  private func handle(_ message: ControlMessage, from instance: Instance) throws(RunnerError) {
    let now = HostClock.monotonic
    switch Int32(bitPattern: message.kind) {
    case WIRE_SANDBOXED:
      instance.level = PluginConfiguration.SandboxLevel(wire: Int32(truncatingIfNeeded: message.token))
      instance.levelReason = message.text
      try checkLevel(of: instance)
      instance.state = .starting(.load, deadline: now + Self.stageDeadline)
    case WIRE_LOADED: instance.state = .starting(.create, deadline: now + Self.stageDeadline)
    case WIRE_CREATED:
      instance.state = .starting(.start, deadline: now + Self.startDeadline)
      try instance.process?.sendControl(ControlMessage(kind: UInt32(WIRE_START)))
    case WIRE_STARTED where message.status == PROMETHEAN_OK: started(instance, now: now)
    case WIRE_STARTED: kill(instance, "start failed: \(message.text)")
    case WIRE_STOPPED: instance.hasStopped = true
    case WIRE_FAILED: failed(instance, at: Int32(truncatingIfNeeded: message.token), message.text)
    default: kill(instance, "its runner sent a control message of the unknown kind \(message.kind)")
    }
  }

  /// Refuses a sandbox below what the operator requires.
  ///
  /// A runner is never asked for less, so this is its word against the policy's.
  private func checkLevel(of instance: Instance) throws(RunnerError) {
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
    instance.metrics.ready.set(1)
    router.ready(instance)
    log.info(
      "ready",
      ["generation": .int(Int64(instance.generation)), "level": .string(instance.level?.rawValue ?? "none")],
      plugin: instance.plugin.id,
      instance: instance.name
    )
  }

  /// Takes a runner's word for why it gives up; it ends by itself.
  private func failed(_ instance: Instance, at stage: Int32, _ text: String) {
    instance.failure = text
    switch stage {
    case WIRE_STAGE_NAMESPACES where instance.plugin.require != .full && !launcher.omissions.contains(.namespaces):
      launcher.omissions.insert(.namespaces)
      instance.retriesWithLess = true
      log.warn("namespaces are not to be had here, so plugins run without: \(text)")
    case WIRE_STAGE_LANDLOCK where instance.plugin.require == .none && !launcher.omissions.contains(.landlock):
      launcher.omissions.insert(.landlock)
      instance.retriesWithLess = true
      log.warn("Landlock is not to be had here, so plugins run without: \(text)")
    // What is wrong with a library does not get better by trying again.
    case WIRE_STAGE_LOAD: instance.isHopeless = true
    default: break
    }
  }

  /// Reads what a plugin has written to its standard output and error.
  package func readOutput(of instance: Instance) {
    guard let process = instance.process else { return }
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while case let count = unsafe read(process.stderr, &buffer, buffer.count), count >= 0 {
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
