/// The most that one instance may use: `limits` of a plugin in plugins.yml.
package struct Limits: Sendable, Hashable {
  /// Bytes of data (heap and anonymous mappings); a Swift plugin with Dispatch needs 32 MiB.
  package var memory = 256 << 20
  package var threads = 64
  /// The share of the processors that it gets, in percent of one; nil: what others leave.
  package var cpu: Int?
  package var descriptors = 64
  /// Bytes of one file that it writes.
  package var fileSize = 1 << 30
  /// Bytes that the directories that it may write hold, those of all its instances together.
  package var disk = 4 << 30
  /// Envelopes that it may send in a second: what it publishes, requests, keeps as state, and dials, and
  /// log lines over `logs`; what the disk keeps counts as several (`SendRate`).
  package var rate = 2000
  /// Records that it may log in a second.
  package var logs = 200
  /// Lines that it may write to its standard output and error in a second.
  package var stderr = 50
  /// How long each stage of its start may take.
  package var start = Duration.seconds(60)
  /// How long it may take over one delivery before the delivery is tried again.
  package var deadline = Duration.seconds(30)
  /// How long a generation whose place is taken may go on with what it has.
  package var drain = Duration.seconds(10)
  /// How many deliveries it may have at once.
  package var inFlight = 64
  /// How often a delivery is tried before it goes to the dead letters.
  package var maxAttempts = 5

  package init() {}
}

extension Limits {
  init(_ value: ManifestValue) {
    self.init()
    _ = value.fields { limits in
      limits.optional("memory")?.bytes(in: 32 << 20...64 << 30).map { memory = $0 }
      limits.optional("threads")?.integer(in: 1...1024).map { threads = $0 }
      limits.optional("cpu")?.processorShare().map { cpu = $0 }
      limits.optional("descriptors")?.integer(in: 16...4096).map { descriptors = $0 }
      limits.optional("file_size")?.bytes(in: 0...1 << 40).map { fileSize = $0 }
      limits.optional("disk")?.bytes(in: 1 << 20...1 << 50).map { disk = $0 }
      limits.optional("rate")?.integer(in: 1...10_000_000).map { rate = $0 }
      limits.optional("logs")?.integer(in: 1...100_000).map { logs = $0 }
      limits.optional("stderr")?.integer(in: 1...100_000).map { stderr = $0 }
      limits.optional("start")?.duration(in: .milliseconds(100)...Duration.seconds(3600)).map { start = $0 }
      limits.optional("deadline")?.duration(in: .milliseconds(10)...Duration.seconds(3600)).map { deadline = $0 }
      limits.optional("drain")?.duration(in: .milliseconds(10)...Duration.seconds(3600)).map { drain = $0 }
      limits.optional("in_flight")?.integer(in: 1...4096).map { inFlight = $0 }
      limits.optional("max_attempts")?.integer(in: 1...100).map { maxAttempts = $0 }
    }
  }
}

extension ManifestValue {
  /// The most processors that a share can be of: more than any machine has.
  private static let processorsMax = 1024

  /// Reads a share of the processors: `50%` of one, or a number of whole ones.
  ///
  /// - Returns: Percent of one.
  fileprivate func processorShare() -> Int? {
    let text = plainText ?? ""
    let isPercent = text.hasSuffix("%")
    let unit = isPercent ? 1 : 100
    let range = 1...Self.processorsMax * 100 / unit
    guard let number = Int(isPercent ? text.dropLast() : text[...]), range.contains(number) else {
      mismatch("a share of one processor from 1%, as 50%, or a number of processors up to \(Self.processorsMax), as 2")
      return nil
    }
    return number * unit
  }
}
