internal import Locking

/// The registry of everything the host measures.
///
/// Families are registered once, cells are handed out by them; the page is written from the cells as they are, family
/// by family, so that a scrape never holds up a thread that counts.
package final class Metrics: Sendable {
  private struct State {
    var names: Set<String> = []
    var families: [any AnyMetricFamily] = []
    var collectors: [@Sendable () -> Void] = []
  }

  private let state = Locked(State())

  package init() {}

  /// Registers a family of counters; a name that breaks the rules or is taken is a programmer's error.
  package func counter(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Counter> {
    registered(name, .counter, help, labels) { Counter() }
  }

  /// Registers a family of gauges; a name that breaks the rules or is taken is a programmer's error.
  package func gauge(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Gauge> {
    registered(name, .gauge, help, labels) { Gauge() }
  }

  /// Registers a family of counters that count in fractions, such as seconds.
  package func fractionalCounter(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Gauge> {
    registered(name, .counter, help, labels) { Gauge() }
  }

  /// Registers a family of histograms; a name that breaks the rules or is taken is a programmer's error.
  package func histogram(
    _ name: String,
    help: String,
    labels: [String] = [],
    bounds: [Double] = Histogram.durations
  ) -> MetricFamily<Histogram> {
    registered(name, .histogram, help, labels) { Histogram(bounds: bounds) }
  }

  /// Has a closure called before each page is written, on the thread that writes it, to set gauges that nobody keeps
  /// current.
  package func collect(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.collectors.append(body) }
  }

  /// Forgets, in all families, the cells that have this value for this label.
  package func removeAll(where label: String, is value: String) {
    for family in state.withLock({ $0.families }) { family.removeAll(where: label, is: value) }
  }

  /// Writes the page, families in the order of their registration.
  package func expose() -> MetricText {
    let collectors = state.withLock { $0.collectors }
    for collector in collectors { collector() }
    var text = MetricText()
    for family in state.withLock({ $0.families }) { family.expose(into: &text) }
    return text
  }

  /// Registers a family under a name that is not the host's own choice.
  func register<Cell: MetricCell>(
    _ name: String,
    _ kind: MetricKind,
    help: String,
    labels: [String],
    make: @escaping @Sendable () -> Cell
  ) throws(MetricError) -> MetricFamily<Cell> {
    if let problem = MetricName.problem(with: name, kind: kind) { throw MetricError("metric: \(problem)") }
    for label in labels {
      if let problem = MetricName.problem(withLabel: label, kind: kind) {
        throw MetricError("metric \(name): \(problem)")
      }
    }
    let family = MetricFamily(name: name, kind: kind, help: help, labels: labels, make: make)
    let isNew = state.withLock { state in
      guard state.names.insert(name).inserted else { return false }
      state.families.append(family)
      return true
    }
    guard isNew else { throw MetricError("metric \(name): expected a name of its own, found one that is taken") }
    return family
  }

  private func registered<Cell: MetricCell>(
    _ name: String,
    _ kind: MetricKind,
    _ help: String,
    _ labels: [String],
    _ make: @escaping @Sendable () -> Cell
  ) -> MetricFamily<Cell> {
    do {
      return try register(name, kind, help: help, labels: labels, make: make)
    } catch {
      fatalError(error.description)
    }
  }
}
