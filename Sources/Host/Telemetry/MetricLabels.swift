internal import PluginABI

/// The labels that a plugin gives to one value of a metric, beside those of the host's.
struct MetricLabels: Hashable {
  /// In their order as text, none twice.
  let names: [String]
  /// One for each name, as the plugin gave it.
  let values: [String]

  /// What stands in the place of values of which there are too many.
  static let other = "other"
  /// The longest name, in bytes.
  private static let nameMax = 63
  /// What the host labels itself.
  static let own = ["plugin", "instance"]

  /// Reads `name=value` lines.
  ///
  /// - Parameters:
  ///   - text: What the plugin gave.
  ///   - metric: What messages call the metric.
  ///   - kind: What it is.
  /// - Throws: What is wrong with them.
  init(_ text: String, of metric: String, _ kind: MetricKind) throws(MetricError) {
    var pairs: [(name: String, value: String)] = []
    // By scalars: to Swift's characters, a line feed after a carriage return is none.
    for line in text.unicodeScalars.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else {
        throw MetricError("metric \(metric): expected labels of the form name=value, found \"\(Self.shown(line))\"")
      }
      let name = String(line[..<equals])
      if let problem = Self.problem(with: name, kind, shown: Self.shown(line[..<equals])) {
        throw MetricError("metric \(metric): \(problem)")
      }
      pairs.append((name, String(line[line.index(after: equals)...])))
    }
    guard pairs.count <= Int(PROMETHEAN_LABELS_MAX) else {
      throw MetricError("metric \(metric): expected at most \(PROMETHEAN_LABELS_MAX) labels, found \(pairs.count)")
    }
    pairs.sort { $0.name < $1.name }
    if let (one, _) = zip(pairs, pairs.dropFirst()).first(where: { $0.name == $1.name }) {
      throw MetricError("metric \(metric): expected each label once, found \(one.name) twice")
    }
    (names, values) = (pairs.map(\.name), pairs.map(\.value))
  }

  private static func problem(with name: String, _ kind: MetricKind, shown: String) -> String? {
    guard name.utf8.count <= nameMax else {
      return "expected labels of at most \(nameMax) bytes, found \"\(shown)\""
    }
    guard !own.contains(name) else { return "expected labels of its own, found \(name), which the host gives" }
    return MetricName.problem(withLabel: name, kind: kind)
  }

  /// As much of something as an error repeats.
  private static func shown(_ text: Substring.UnicodeScalarView) -> String {
    let limit = 40
    return text.count > limit ? String(Substring(text.prefix(limit))) + "…" : String(text)
  }

  /// A value as it is written on a page: bounded, and without characters that would do something to who looks at it.
  static func exposed(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      let shown = scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
      guard text.utf8.count + shown.utf8.count <= PROMETHEAN_LABEL_VALUE_MAX else { return text + "…" }
      text.unicodeScalars.append(shown)
    }
    return text
  }
}

/// The series with labels that plugins have, and how they are written: so many of each plugin, and no more.
struct MetricSeries {
  private struct Key: Hashable {
    let instance: String
    let metric: String
    let values: [String]
  }

  private var known: [String: [Key: [String]]] = [:]

  /// Finds the values that a series is written with, and makes it one of the plugin's.
  ///
  /// - Parameters:
  ///   - labels: What the plugin gave; nothing is a series that always has its place.
  ///   - metric: The plugin's name of the metric.
  ///   - plugin: The plugin's id.
  ///   - instance: The instance's name.
  ///   - redactor: Knows what must not be in a value; pages are written often, so it is asked once.
  /// - Returns: Those values; nil if there is no place for the series.
  mutating func values(
    of labels: MetricLabels,
    _ metric: String,
    plugin: String,
    instance: String,
    _ redactor: Redactor
  ) -> [String]? {
    guard !labels.names.isEmpty else { return [] }
    let key = Key(instance: instance, metric: metric, values: labels.values)
    if let values = known[plugin]?[key] { return values }
    guard known[plugin, default: [:]].count < Int(PROMETHEAN_SERIES_MAX) else { return nil }
    let values = labels.values.map { MetricLabels.exposed(redactor.redact($0)) }
    known[plugin, default: [:]][key] = values
    return values
  }

  /// Makes room for others where an instance has gone.
  mutating func remove(instance: String) {
    known = known.mapValues { $0.filter { $0.key.instance != instance } }
  }
}
