internal import PluginABI

/// The plugin's numbers in the host's metrics; from any thread, and nothing if metrics are not granted.
///
/// Names are lower-case snake case; the host puts its own prefix before them, and keeps 64 of a plugin's.
public struct Metrics: Sendable {
  let host: HostHandle

  /// Adds to a counter, whose name ends in `_total`.
  public func add(_ name: String, _ value: Double = 1) { host.record(PROMETHEAN_METRIC_COUNTER, name, value) }

  /// Sets a gauge.
  public func set(_ name: String, _ value: Double) { host.record(PROMETHEAN_METRIC_GAUGE, name, value) }

  /// Adds a value to a histogram.
  public func observe(_ name: String, _ value: Double) { host.record(PROMETHEAN_METRIC_HISTOGRAM, name, value) }
}
