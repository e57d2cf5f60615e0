internal import PluginABI
internal import Locking

/// The metrics that plugins define themselves: `promethean_plugin_<name>`, by plugin and instance.
///
/// A name belongs to no plugin: two that use it share the family, each with series of its own, and must mean the same
/// kind.
package final class PluginMetrics: Sendable {
  package static let prefix = "promethean_plugin_"

  private enum Family {
    case number(MetricFamily<Gauge>)
    case histogram(MetricFamily<Histogram>)

    var kind: MetricKind {
      switch self {
      case .number(let family): family.kind
      case .histogram: .histogram
      }
    }

    /// The labels that plugins give it.
    var labels: [String] {
      let all =
        switch self {
        case .number(let family): family.labels
        case .histogram(let family): family.labels
        }
      return Array(all.dropFirst(MetricLabels.own.count))
    }

    func record(_ value: Double, _ labels: [String]) {
      switch self {
      case .number(let family) where family.kind == .counter: family.cell(labels).add(value)
      case .number(let family): family.cell(labels).set(value)
      case .histogram(let family): family.cell(labels).observe(value)
      }
    }
  }

  private enum Key: Hashable {
    case name(String, plugin: String)
    case refusal(String, plugin: String)
    case overflow(plugin: String)
  }

  private struct State {
    var families: [String: Family] = [:]
    /// Which names a plugin uses, and which were refused to it, so that each refusal is told once.
    var seen: Set<Key> = []
    var count: [String: Int] = [:]
    var refusals: [String: Int] = [:]
    var series = MetricSeries()
  }

  private let metrics: Metrics
  private let redactor: Redactor
  private let overflow: MetricFamily<Counter>
  private let state = Locked(State())

  /// Knows no metric yet.
  ///
  /// - Parameters:
  ///   - metrics: Where they go.
  ///   - redactor: Knows what must not be in a name.
  package init(_ metrics: Metrics, redactor: Redactor = Redactor()) {
    self.metrics = metrics
    self.redactor = redactor
    overflow = metrics.counter(
      "promethean_metric_overflow_total",
      help: "Values of plugins' metrics that count under other, since there were too many series.",
      labels: ["plugin"]
    )
  }

  /// Records what an instance has to say about a metric: adds to a counter, sets a gauge, observes in a histogram.
  ///
  /// - Parameters:
  ///   - kind: One of `PROMETHEAN_METRIC_…`.
  ///   - name: The plugin's name for it, without the prefix.
  ///   - labels: `name=value` lines, which tell this series of it from the others.
  ///   - value: In base units.
  ///   - plugin: The plugin's id.
  ///   - instance: The instance's name.
  /// - Returns: Why it was refused, the first time that this plugin is refused this name, or that it has too many
  ///   series; nil otherwise.
  package func record(
    kind: Int32,
    name: String,
    labels: String = "",
    value: Double,
    plugin: String,
    instance: String
  ) -> MetricError? {
    // What is too long is refused all the same, without keeping or repeating all of it.
    let name = name.utf8.count <= MetricName.maximumLength ? name : "\(name.prefix(40))…"
    return state.withLock { state -> MetricError? in
      do throws(MetricError) {
        let kind = try Self.checked(kind: kind, name: name, value: value)
        let labels = try MetricLabels(labels, of: name, kind)
        let family = try family(name, kind, labels.names, plugin: plugin, &state)
        let values = state.series.values(of: labels, name, plugin: plugin, instance: instance, redactor)
        family.record(value, [plugin, instance] + (values ?? labels.names.map { _ in MetricLabels.other }))
        return values == nil ? overflown(name, plugin: plugin, &state) : nil
      } catch {
        // Refused names are a plugin's to invent: no more of them are remembered than of those it may use.
        guard state.refusals[plugin, default: 0] < Int(PROMETHEAN_METRICS_MAX),
          state.seen.insert(.refusal(name, plugin: plugin)).inserted
        else { return nil }
        state.refusals[plugin, default: 0] += 1
        return error
      }
    }
  }

  /// Forgets the series of an instance that will not come back; their families forget the cells.
  package func remove(instance: String) {
    state.withLock { $0.series.remove(instance: instance) }
  }

  /// Counts a value that found no series of its own, and says so once.
  private func overflown(_ name: String, plugin: String, _ state: inout State) -> MetricError? {
    overflow.with(plugin).add()
    guard state.seen.insert(.overflow(plugin: plugin)).inserted else { return nil }
    let limit = "expected at most \(PROMETHEAN_SERIES_MAX) series with labels of plugin \(plugin)"
    return MetricError("metric \(name): \(limit); more count under labels that say \(MetricLabels.other)")
  }

  private static func checked(kind: Int32, name: String, value: Double) throws(MetricError) -> MetricKind {
    switch kind {
    case PROMETHEAN_METRIC_COUNTER:
      guard value.isFinite, value >= 0 else {
        throw MetricError("metric \(name): expected a counter to grow by a finite number of at least 0, found \(value)")
      }
      return .counter
    case PROMETHEAN_METRIC_GAUGE: return .gauge
    case PROMETHEAN_METRIC_HISTOGRAM:
      guard value.isFinite else { throw MetricError("metric \(name): expected a finite observation, found \(value)") }
      return .histogram
    default: throw MetricError("metric \(name): expected a kind of 0 to 2, found \(kind)")
    }
  }

  private func family(
    _ name: String,
    _ kind: MetricKind,
    _ labels: [String],
    plugin: String,
    _ state: inout State
  ) throws(MetricError) -> Family {
    let key = Key.name(name, plugin: plugin)
    if !state.seen.contains(key), state.count[plugin, default: 0] >= Int(PROMETHEAN_METRICS_MAX) {
      throw MetricError("metric \(name): expected at most \(PROMETHEAN_METRICS_MAX) names of plugin \(plugin)")
    }
    // Pages are written elsewhere, and often: no name in them is looked at again.
    guard state.seen.contains(key) || ([name] + labels).allSatisfy({ redactor.redact($0) == $0 }) else {
      throw MetricError("metric \(name): expected a name without a credential in it")
    }
    let family: Family
    if let known = state.families[name] { family = known } else { family = try register(name, kind, labels) }
    guard family.kind == kind else {
      throw MetricError("metric \(name): expected a \(family.kind.rawValue), as before, found a \(kind.rawValue)")
    }
    guard family.labels == labels else {
      func said(_ names: [String]) -> String { names.isEmpty ? "none" : names.spelledOut("and") }
      throw MetricError(
        "metric \(name): expected the labels \(said(family.labels)), as before, found \(said(labels))"
      )
    }
    state.families[name] = family
    if state.seen.insert(key).inserted { state.count[plugin, default: 0] += 1 }
    return family
  }

  private func register(_ name: String, _ kind: MetricKind, _ labels: [String]) throws(MetricError) -> Family {
    let name = Self.prefix + name
    let labels = MetricLabels.own + labels
    if kind == .histogram {
      let help = "What a plugin observes, in ranges of its own metric."
      return .histogram(try metrics.register(name, kind, help: help, labels: labels) { Histogram() })
    }
    let help = kind == .counter ? "What a plugin counts." : "What a plugin measures."
    return .number(try metrics.register(name, kind, help: help, labels: labels) { Gauge() })
  }
}
