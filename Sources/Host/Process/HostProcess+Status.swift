internal import CLinux
package import Envelope
internal import Glibc

extension HostProcess {
  /// What `promethean status` shows.
  package var status: JSON {
    let now = HostClock.monotonic
    return [
      "version": .string(Build.version), "pid": .int(Int64(getpid())), "started": .string(startedAt.description),
      "directory": .string(deployment.directory),
      "http": telemetry.map { JSON.string("127.0.0.1:\($0.port)") } ?? .null,
      "degraded": .array(degraded.sorted { $0.key < $1.key }.map { .string("\($0.key): \($0.value)") }),
      "control_groups": groups.map { JSON.string($0.description) } ?? .null,
      "journal": keeper.status(newest: router.head),
      "drop_ins": dropIns.status(in: deployment),
      "instances": .array(supervisor.instances.map { router.status(of: $0, now: now) }),
    ]
  }

  /// The same in a line for people, as service managers show it.
  var statusLine: String { StatusLine.text(supervisor.instances, degraded: degraded.keys.sorted()) }

  /// Serves metrics and health, if the deployment wants that.
  ///
  /// A port that is taken is no reason not to run.
  func startTelemetry() {
    guard deployment.host.httpEnabled else { return }
    do throws(TelemetryError) {
      telemetry = try TelemetryServer(
        port: deployment.host.httpPort,
        metrics: metrics.registry,
        unhealthy: { [health] in health.unhealthy },
        unready: { [health] in health.unready }
      )
    } catch {
      degraded["http"] = error.description
      log.error("no metrics and no health on HTTP: \(error)")
    }
  }
}

extension Router {
  /// What `status` shows of an instance.
  func status(of instance: Instance, now: Int64) -> JSON {
    var retry = JSON.null
    if case .waiting(let until) = instance.state { retry = .int(max(0, until - now) / nanosecondsPerMillisecond) }
    return [
      "name": .string(instance.name), "plugin": .string(instance.plugin.id),
      "kind": .string(instance.plugin.manifest.kind.rawValue),
      "tenant": .string(
        instance.binding?.description ?? instance.plugin.selectors.map(\.description).joined(separator: " ")
      ),
      "replica": .int(Int64(instance.replica)), "generation": .int(Int64(instance.generation)),
      "state": .string(instance.stateName), "role": .string(instance.role.rawValue),
      "refused": instance.refusal.map { JSON.string($0) } ?? .null, "ready": .bool(instance.isTaking),
      "level": instance.level.map { JSON.string($0.rawValue) } ?? .null, "level_reason": .string(instance.levelReason),
      "pid": instance.process.map { JSON.int(Int64($0.pid)) } ?? .null,
      "uptime_ms": .int(
        instance.runningSince.map { instance.isTaking ? (now - $0) / nanosecondsPerMillisecond : 0 } ?? 0
      ),
      "restarts": .int(Int64(instance.restarts)), "in_flight": .int(Int64(instance.deliveries.count)),
      "lag": .int(lag(of: consumers[instance.consumer])), "dropped": .int(Int64(instance.dropped)),
      "rss_bytes": .int(instance.residentBytes),
      "disk_bytes": .int(Int64(instance.disk.bytes)),
      "error": (instance.shortage ?? instance.lack ?? instance.lastError).map { JSON.string($0) } ?? .null,
      "retry_ms": retry,
    ]
  }

  /// Records that a consumer is behind the journal's end.
  func lag(of consumer: Consumer) -> Int64 {
    max(0, head - consumer.queue.cursor)
  }
}

extension Instance {
  /// Resident memory of its process, in bytes.
  var residentBytes: Int64 {
    process.flatMap { ProcessStatistics.of($0.pid)?.residentBytes }.map { Int64($0) } ?? 0
  }

  /// How long after a drop an instance counts as degraded, ns: long enough to be seen by whoever looks.
  private static let degradedFor: Int64 = 60 * nanosecondsPerSecond

  /// What it lacks while it runs.
  fileprivate var shortage: String? {
    if case .running = state { unwell ?? disk.shortage } else { nil }
  }

  /// The state in the words of the lifecycle.
  var stateName: String {
    switch state {
    case .waiting, .starting: "INIT"
    case .running:
      shortage != nil || lastDrop.map { HostClock.monotonic - $0 < Self.degradedFor } ?? false ? "DEGRADED" : "RUNNING"
    case .stopping, .stopped: "STOPPED"
    case .quarantined: "QUARANTINED"
    }
  }
}
