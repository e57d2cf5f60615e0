internal import Synchronization

/// One time series, or one histogram's set of them: what a hot path holds on to.
///
/// Its updates neither lock nor allocate, from any thread.
package protocol MetricCell: AnyObject, Sendable {
  /// Writes the current value as lines of the text format.
  func expose(_ name: String, labels: String, into text: inout MetricText)
}

/// A number of things that have happened.
package final class Counter: MetricCell {
  private let count = Atomic<UInt64>(0)

  package init() {}

  package var value: UInt64 { count.load(ordering: .relaxed) }

  package func add(_ amount: UInt64 = 1) {
    count.wrappingAdd(amount, ordering: .relaxed)
  }

  package func expose(_ name: String, labels: String, into text: inout MetricText) {
    text.sample(name, labels, MetricText.number(value))
  }
}

/// A value that goes up and down; in a family of counters, a fractional one that only goes up.
package final class Gauge: MetricCell {
  private let bits = Atomic<UInt64>(0)

  package init() {}

  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  package func set(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  package func set(_ value: some BinaryInteger) {
    set(Double(value))
  }

  package func add(_ amount: Double) {
    var expected = bits.load(ordering: .relaxed)
    while true {
      let desired = (Double(bitPattern: expected) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: expected, desired: desired, ordering: .relaxed)
      if exchanged { return }
      expected = original
    }
  }

  package func expose(_ name: String, labels: String, into text: inout MetricText) {
    text.sample(name, labels, MetricText.number(value))
  }
}

/// How often a value fell into each of some ranges.
package final class Histogram: MetricCell {
  /// Upper bounds in seconds, from 50 µs, a hop through the host, to 30 s, the default deadline of a request.
  package static let durations = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]

  private let bounds: [Double]
  /// One for each bound, and one for what lies above them all.
  private let buckets: [Counter]
  private let sum = Gauge()

  /// Creates an empty histogram; the bounds are inclusive and ascend.
  package init(bounds: [Double] = durations) {
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "a histogram's bounds ascend")
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  package var count: UInt64 { buckets.reduce(0) { $0 + $1.value } }

  package func observe(_ value: Double) {
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    buckets[index].add()
    sum.add(value)
  }

  /// Observes a span of time given in nanoseconds, as seconds.
  package func observe(nanoseconds: Int64) {
    observe(Double(nanoseconds) / 1e9)
  }

  package func expose(_ name: String, labels: String, into text: inout MetricText) {
    var cumulative: UInt64 = 0
    let separator = labels.isEmpty ? "" : ","
    for (index, bucket) in buckets.enumerated() {
      cumulative += bucket.value
      let bound = index < bounds.count ? MetricText.number(bounds[index]) : "+Inf"
      text.sample(name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", MetricText.number(cumulative))
    }
    text.sample(name + "_sum", labels, MetricText.number(sum.value))
    text.sample(name + "_count", labels, MetricText.number(cumulative))
  }
}
