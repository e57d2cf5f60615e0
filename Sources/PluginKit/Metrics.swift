internal import PluginABI

/// The plugin's numbers in the host's metrics; from any thread, and nothing if metrics are not granted.
///
/// Names are lower-case snake case; the host puts its own prefix before them, and keeps 64 of a plugin's. Labels tell the
/// series of a name apart: always the same ones for a name, with values of which there are few, since the host keeps 1024
/// series with labels of a plugin, and puts the rest under `other`. What comes from outside is no label's value.
public struct Metrics: Sendable {
  /// Labels and their values, such as `["route": "GET /users/{}"]`.
  public typealias Labels = KeyValuePairs<String, String>

  let host: HostHandle

  /// Adds to a counter, whose name ends in `_total`.
  public func add(_ name: String, labels: Labels = [:], _ value: Double = 1) {
    record(PROMETHEAN_METRIC_COUNTER, name, labels, value)
  }

  /// Sets a gauge.
  public func set(_ name: String, labels: Labels = [:], _ value: Double) {
    record(PROMETHEAN_METRIC_GAUGE, name, labels, value)
  }

  /// Adds a value to a histogram.
  public func observe(_ name: String, labels: Labels = [:], _ value: Double) {
    record(PROMETHEAN_METRIC_HISTOGRAM, name, labels, value)
  }

  private func record(_ kind: Int32, _ name: String, _ labels: Labels, _ value: Double) {
    guard !labels.isEmpty else { return host.record(kind, name, value) }
    var text = ""
    for (label, value) in labels {
      text += label
      text += "="
      // A line feed would begin another label.
      if value.utf8.contains(UInt8(ascii: "\n")) {
        for scalar in value.unicodeScalars { text.unicodeScalars.append(scalar == "\n" ? "\u{FFFD}" : scalar) }
      } else {
        text += value
      }
      text += "\n"
    }
    host.record(kind, name, labels: text, value)
  }
}
