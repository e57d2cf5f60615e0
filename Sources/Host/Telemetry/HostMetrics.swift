/// The metrics of the host itself, and where those of its instances come from.
package final class HostMetrics: Sendable {
  /// Where everything is registered, and written from.
  package let registry: Metrics
  /// What plugins define themselves.
  package let plugins: PluginMetrics
  package let journal: JournalMetrics
  /// Envelopes routed, by topic area; `sys` is the host's own.
  package let routed: AreaCounters

  /// Files of `plugins.d`, by what becomes of them.
  let dropIns: MetricFamily<Gauge>

  let families: InstanceFamilies

  /// Registers everything, with what this build is.
  package init(version: String, revision: String, registry: Metrics = Metrics(), redactor: Redactor = Redactor()) {
    self.registry = registry
    registry.gauge(
      "promethean_build_info",
      help: "What is running; the value is always 1.",
      labels: ["version", "revision"]
    ).with(version, revision).set(1)
    families = InstanceFamilies(registry)
    routed = AreaCounters(
      registry.counter("promethean_routed_envelopes_total", help: "Envelopes routed, by topic area.", labels: ["area"])
    )
    dropIns = registry.gauge(
      "promethean_drop_in_libraries",
      help: "Files of plugins.d that do not run as they are, by what becomes of them.",
      labels: ["state"]
    )
    journal = JournalMetrics(registry)
    plugins = PluginMetrics(registry, redactor: redactor)
    ProcessMetrics.register(in: registry)
  }

  /// The cells of an instance, the same ones for each generation of it.
  package func instance(plugin: String, name: String) -> InstanceMetrics {
    InstanceMetrics(families, plugin: plugin, instance: name)
  }

  /// Forgets an instance that will not come back, its plugin's own metrics included.
  package func remove(instance: String) {
    plugins.remove(instance: instance)
    registry.removeAll(where: "instance", is: instance)
  }
}

/// A counter for each topic area.
package struct AreaCounters: Sendable {
  /// The areas of plugins' topics, and `sys`.
  package static let areas = ["events", "social", "rest", "jobs", "control", "voice", "embed", "health", "sys"]

  private let counters: [String: Counter]
  private let other: Counter

  init(_ family: MetricFamily<Counter>) {
    counters = Dictionary(uniqueKeysWithValues: Self.areas.map { ($0, family.with($0)) })
    other = family.with("other")
  }

  /// The counter of an area, or the one of all that are not known; to be kept by a hot path, per route.
  package subscript(area: String) -> Counter { counters[area] ?? other }
}

/// What the journal tells about itself.
package struct JournalMetrics: Sendable {
  package let appended: Counter
  package let appendedBytes: Counter
  package let duplicates: Counter
  package let redelivered: Counter
  package let deadLettered: Counter
  package let rows: Gauge
  package let bytes: Gauge
  package let backlog: Gauge
  package let deadLetters: Gauge
  package let oldestAge: Gauge
  package let commit: Histogram

  init(_ metrics: Metrics) {
    func counter(_ name: String, _ help: String) -> Counter {
      metrics.counter("promethean_journal_\(name)_total", help: help).with()
    }
    func gauge(_ name: String, _ help: String) -> Gauge {
      metrics.gauge("promethean_journal_\(name)", help: help).with()
    }
    appended = counter("appended_envelopes", "Envelopes recorded.")
    appendedBytes = counter("appended_bytes", "Bytes of envelopes recorded.")
    duplicates = counter("duplicate_envelopes", "Envelopes that had been recorded before, by source and id.")
    redelivered = counter("redelivered_envelopes", "Deliveries after the first of an envelope to a consumer.")
    deadLettered = counter("dead_lettered_envelopes", "Deliveries given up and put to the dead letters.")
    rows = gauge("envelopes", "Envelopes in the journal.")
    bytes = gauge("size_bytes", "Size of the journal's files.")
    backlog = gauge("backlog_envelopes", "Deliveries that are recorded and not yet acknowledged, over all consumers.")
    deadLetters = gauge("dead_letter_envelopes", "Dead letters that wait for somebody to look at them.")
    oldestAge = gauge("oldest_age_seconds", "Age of the oldest delivery that is not acknowledged.")
    commit = metrics.histogram("promethean_journal_commit_seconds", help: "Duration of a commit to disk.").with()
  }
}
