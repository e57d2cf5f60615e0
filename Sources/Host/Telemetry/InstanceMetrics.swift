/// Why an envelope went nowhere; each is a series of its own for each instance.
package enum DiscardReason: Int, Sendable, CaseIterable {
  case queueFull, expired, denied, duplicate, hops, invalid, unconsumed, deadLettered

  package var label: String {
    switch self {
    case .queueFull: "queue_full"
    case .expired: "expired"
    case .denied: "denied"
    case .duplicate: "duplicate"
    case .hops: "hops"
    case .invalid: "invalid"
    case .unconsumed: "unconsumed"
    case .deadLettered: "dead_lettered"
    }
  }
}

/// At what point of an envelope's or an instance's life something went wrong.
package enum ErrorStage: String, Sendable, CaseIterable {
  case receiving, processing, sending, starting, running, stopping
}

/// What is measured of one instance: the cells that the host's loop holds, so that counting neither locks nor looks
/// anything up.
package struct InstanceMetrics: Sendable {
  /// Envelopes delivered to the instance.
  package let received: Counter
  package let receivedBytes: Counter
  /// Envelopes that the instance published, requested or answered with.
  package let sent: Counter
  package let sentBytes: Counter
  /// Deliveries that wait in the host for the instance.
  package let queueDepth: Gauge
  /// Deliveries that the instance has and has not settled.
  package let inFlight: Gauge
  /// Envelopes in the journal that the instance's consumer has yet to settle.
  package let lag: Gauge
  package let restarts: Counter
  /// 1 while the instance is ready, else 0.
  package let ready: Gauge
  package let residentMemory: Gauge
  /// Bytes in the directories that the instance's plugin may write.
  package let disk: Gauge
  /// From delivery to settlement.
  package let handling: Histogram
  package let logsSuppressed: Counter
  /// Times that the instance had sent as much as it may, and was not read until it might again.
  package let rateWaits: Counter

  private let discarded: [Counter]
  private let errors: MetricFamily<Counter>
  private let plugin: String
  private let instance: String

  init(_ families: InstanceFamilies, plugin: String, instance: String) {
    self.plugin = plugin
    self.instance = instance
    received = families.received.with(plugin, instance)
    receivedBytes = families.receivedBytes.with(plugin, instance)
    sent = families.sent.with(plugin, instance)
    sentBytes = families.sentBytes.with(plugin, instance)
    queueDepth = families.queueDepth.with(plugin, instance)
    inFlight = families.inFlight.with(plugin, instance)
    lag = families.lag.with(plugin, instance)
    restarts = families.restarts.with(plugin, instance)
    ready = families.ready.with(plugin, instance)
    residentMemory = families.residentMemory.with(plugin, instance)
    disk = families.disk.with(plugin, instance)
    handling = families.handling.with(plugin, instance)
    logsSuppressed = families.logsSuppressed.with(plugin, instance)
    rateWaits = families.rateWaits.with(plugin, instance)
    discarded = DiscardReason.allCases.map { families.discarded.with(plugin, instance, $0.label) }
    errors = families.errors
  }

  package func discarded(_ reason: DiscardReason) -> Counter { discarded[reason.rawValue] }

  /// Counts an error; this looks its cell up, since errors are rare.
  ///
  /// - Parameters:
  ///   - type: A word of few, such as a status or a stage of the runner; never a text from outside.
  ///   - stage: When it happened.
  package func error(_ type: String, stage: ErrorStage) {
    errors.with(plugin, instance, type, stage.rawValue).add()
  }
}

/// The families that the cells of instances come from.
struct InstanceFamilies: Sendable {
  let received, receivedBytes, sent, sentBytes, discarded, errors, restarts: MetricFamily<Counter>
  let logsSuppressed, rateWaits: MetricFamily<Counter>
  let queueDepth, inFlight, lag, ready, residentMemory, disk: MetricFamily<Gauge>
  let handling: MetricFamily<Histogram>

  init(_ metrics: Metrics) {
    let labels = ["plugin", "instance"]
    func counter(_ name: String, _ help: String, _ more: [String] = []) -> MetricFamily<Counter> {
      metrics.counter("promethean_instance_\(name)_total", help: help, labels: labels + more)
    }
    func gauge(_ name: String, _ help: String) -> MetricFamily<Gauge> {
      metrics.gauge("promethean_instance_\(name)", help: help, labels: labels)
    }
    received = counter("received_envelopes", "Envelopes delivered to an instance.")
    receivedBytes = counter("received_bytes", "Bytes of envelopes delivered to an instance.")
    sent = counter("sent_envelopes", "Envelopes that an instance published, requested or answered with.")
    sentBytes = counter("sent_bytes", "Bytes of envelopes that an instance published, requested or answered with.")
    discarded = counter("discarded_envelopes", "Envelopes to or from an instance that went nowhere.", ["reason"])
    errors = counter("errors", "What went wrong with an instance.", ["error_type", "stage"])
    restarts = counter("restarts", "Starts of an instance after its first.")
    logsSuppressed = counter("suppressed_log_lines", "Log lines of an instance over its rate, which were not kept.")
    rateWaits = counter("rate_waits", "Times that an instance was left unread since it had sent as much as it may.")
    queueDepth = gauge("queue_envelopes", "Deliveries that wait in the host for an instance.")
    inFlight = gauge("in_flight_envelopes", "Deliveries that an instance has and has not settled.")
    lag = gauge("lag_envelopes", "Envelopes in the journal that an instance's consumer has yet to settle.")
    ready = gauge("ready", "1 while an instance is ready, else 0.")
    residentMemory = gauge("resident_memory_bytes", "Resident memory of an instance's process.")
    disk = gauge("disk_bytes", "Bytes in the directories that an instance's plugin may write.")
    handling = metrics.histogram(
      "promethean_instance_handle_duration_seconds",
      help: "Time from the delivery of an envelope to its settlement.",
      labels: labels
    )
  }
}
