internal import Channel
internal import CChannel
internal import Envelope
internal import Glibc

extension Supervisor {
  // MARK: - Ending

  /// Ends an instance at once, or as soon as it is launched, for a reason.
  func kill(_ instance: Instance, _ reason: String) {
    guard instance.hasProcess else { return }
    if instance.failure == nil { instance.failure = reason }
    instance.process?.kill()
  }

  /// Records what an instance has tried and could not.
  func audit(_ instance: Instance, _ attempt: String) {
    log.audit("denied: \(attempt)", allowed: false, plugin: instance.plugin.id, instance: instance.name)
  }

  /// Takes note that an instance's process has ended.
  package func processEnded(_ instance: Instance) {
    guard let process = instance.process, let exit = process.reap() else { return }
    readControl(of: instance, atMost: .max)
    readOutput(of: instance, atMost: .max)
    if let record = instance.output?.finish(at: HostClock.monotonic) { log.write(record) }
    // What it had sent counts, above all what it had settled.
    router.drainToEnd(instance)
    for descriptor in [process.control, process.channel.incoming, process.pidfd, process.stderr] { unwatch(descriptor) }
    let now = HostClock.monotonic
    let reason = instance.failure ?? Self.describe(exit, of: instance)
    // The one attempt of which the kernel tells whose it was.
    if exit == .signal(SIGSYS) { audit(instance, "a system call that the sandbox forbids") }
    let wasHealthy = instance.hasWorked || instance.runningSince.map { now - $0 >= Backoff.healthyAfter } ?? false
    let wasRunning = instance.runningSince != nil
    launcher.dispose(Launched(process: process, group: instance.group))
    (instance.process, instance.group) = (nil, nil)
    // What it held may be the reason, unless it is of a generation that has yet to show what it can do.
    let isSuspect = wasRunning && !instance.hasStopped && !isStopping && instance.probation == .none
    if instance.role == .serving { instance.metrics.ready.set(0) }
    router.instanceEnded(instance, isSuspect: isSuspect, reason: reason)
    instance.failure = nil
    instance.unwantedGifts = 0
    if instance.retriesWithLess {
      instance.retriesWithLess = false
      instance.state = .waiting(until: now)
      if instance.role == .successor { start(instance, now: now) }
    } else if instance.role == .retiring {
      if !instance.hasStopped, case .stopping = instance.state {
        log.warn("did not stop in order: \(reason)", plugin: instance.plugin.id, instance: instance.name)
      }
      instance.state = .stopped
      router.remove(instance)
      onStep("\(instance.name) is gone")
    } else if case .stopping = instance.state {
      instance.state = .stopped
      if !instance.hasStopped {
        log.warn("did not stop in order: \(reason)", plugin: instance.plugin.id, instance: instance.name)
      }
    } else {
      ended(instance, reason: reason, inVain: !wasHealthy, now: now)
    }
  }

  func ended(_ instance: Instance, reason: String, inVain: Bool, now: Int64) {
    if instance.role == .successor {
      instance.state = .stopped
      return switchover?.fail(instance.plugin.id, reason) ?? ()
    }
    instance.lastError = reason
    instance.metrics.error("ended", stage: instance.runningSince == nil ? .starting : .running)
    if isStopping {
      instance.state = .stopped
      return
    }
    let wait = instance.isHopeless ? nil : instance.backoff.ended(inVain: inVain, at: now, random: .random(in: 0...1))
    guard let wait else {
      instance.state = .quarantined
      return log.error("quarantined: \(reason)", plugin: instance.plugin.id, instance: instance.name)
    }
    instance.restarts += 1
    instance.metrics.restarts.add()
    instance.state = .waiting(until: now + wait)
    log.error(
      "ended: \(reason)",
      ["retry_ms": .int(wait / nanosecondsPerMillisecond)],
      plugin: instance.plugin.id,
      instance: instance.name
    )
  }

  private static func describe(_ exit: RunnerProcess.Exit, of instance: Instance) -> String {
    switch exit {
    case .signal(SIGKILL) where instance.group?.isOutOfMemory == true:
      "it was killed: over limits.memory (\(ByteCount.text(instance.plugin.limits.memory)))"
    case .status(let code): "it exited with status \(code)"
    case .signal(let number): "it was killed by signal \(number)\(signalNames[number].map { " (\($0))" } ?? "")"
    }
  }

  private static let signalNames: [Int32: String] = [
    4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM",
    24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS: a system call that the sandbox forbids",
  ]

  /// Ends an instance that has held a delivery for longer than it may: it hangs.
  func checkDeadline(of instance: Instance, now: Int64) {
    guard let due = instance.deliveries.firstDue, due < now else { return }
    let limit = instance.plugin.limits.deadline
    kill(instance, "it held a delivery for longer than its deadline of \(limit)")
  }

  // MARK: - Stopping

  /// Stops everything: first what brings envelopes in, then what works on them, then what serves those.
  package func stop() {
    guard !isStopping else { return }
    isStopping = true
    switchover?.fail("", "the host stops")
    stopNext(now: HostClock.monotonic)
  }

  /// Ends everything at once.
  package func killAll() {
    for instance in instances { kill(instance, "the host was told to stop at once") }
  }

  /// Whether everything has been stopped.
  package var isStopped: Bool {
    isStopping && !instances.contains(where: \.hasProcess)
  }

  func stopNext(now: Int64) {
    for kind in PluginKind.allCases {
      let members = instances.filter { $0.plugin.manifest.kind == kind && $0.hasProcess }
      for instance in members { stop(instance, now: now) }
      if !members.isEmpty { return }
    }
  }

  func stop(_ instance: Instance, now: Int64) {
    switch instance.state {
    case .running:
      instance.state = .stopping(deadline: now + Self.stopDeadline)
      do throws(RunnerError) {
        try instance.process?.sendControl(ControlMessage(kind: UInt32(WIRE_STOP)))
      } catch {
        kill(instance, error.description)
      }
    case .starting:
      instance.state = .stopping(deadline: now)
      kill(instance, "the host stops")
    default: break
    }
  }
}
