/// What a family of metrics measures, as Prometheus knows it.
package enum MetricKind: String, Sendable {
  case counter, gauge, histogram
}

/// A metric that cannot be registered or recorded, and why.
package struct MetricError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The rules that a metric's name and labels follow: those of the text format, and those that Prometheus' own linter
/// warns about.
///
/// They are checked on registration, so that no name that breaks them is ever exposed.
package enum MetricName {
  /// The longest name, prefix included, in bytes.
  package static let maximumLength = 120

  /// Units that are not base units, and what to use in their place.
  private static let scaledUnits = [
    "milliseconds": "seconds", "ms": "seconds", "microseconds": "seconds", "nanoseconds": "seconds", "ns": "seconds",
    "minutes": "seconds", "hours": "seconds", "days": "seconds", "kilobytes": "bytes", "kib": "bytes",
    "megabytes": "bytes", "mib": "bytes", "bits": "bytes", "percent": "ratio",
  ]

  /// Says what is wrong with a name for a kind of metric; nil if nothing is.
  package static func problem(with name: String, kind: MetricKind) -> String? {
    guard isLowerSnakeCase(name) else {
      return "expected lower-case snake case ([a-z][a-z0-9_]*), found \"\(name)\""
    }
    guard name.utf8.count <= maximumLength else {
      return "expected at most \(maximumLength) bytes, found \(name.utf8.count)"
    }
    if name.contains("__") || name.hasSuffix("_") {
      return "expected single underscores between words, found \"\(name)\""
    }
    for reserved in ["_bucket", "_count", "_sum"] where name.hasSuffix(reserved) {
      return "expected a name that does not end in \(reserved), which histograms use, found \"\(name)\""
    }
    if (kind == .counter) != name.hasSuffix("_total") {
      return kind == .counter
        ? "expected a counter's name to end in _total, found \"\(name)\""
        : "expected only a counter's name to end in _total, found \"\(name)\""
    }
    if name.hasSuffix("_info"), kind != .gauge {
      return "expected only a gauge's name to end in _info, found \"\(name)\""
    }
    for word in name.split(separator: "_") {
      guard let base = scaledUnits[String(word)] else { continue }
      return "expected the base unit \(base), found \(word) in \"\(name)\""
    }
    return nil
  }

  /// Says what is wrong with a label's name on a kind of metric; nil if nothing is.
  package static func problem(withLabel label: String, kind: MetricKind) -> String? {
    guard isLowerSnakeCase(label), !label.hasPrefix("__") else {
      return "expected a label in lower-case snake case, found \"\(label)\""
    }
    if kind == .histogram, label == "le" { return "expected a label other than le, which histograms use" }
    return nil
  }

  private static func isLowerSnakeCase(_ text: String) -> Bool {
    guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
      default: false
      }
    }
  }
}
