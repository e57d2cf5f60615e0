internal import CLinux
internal import Glibc
internal import VectorIndex

/// What finding near vectors costs, and how many of the nearest it finds, next to hnswlib's own search of the same graph
/// and to looking at every vector.
enum Vectors {
  private static let count = 100_000
  private static let dimension = 384
  private static let queries = 500
  private static let limit = 10
  /// How many are removed for the last rows: every so manieth.
  private static let removedEach = 10

  static func measure(into report: inout Report) throws {
    var source = LatentSource(dimension: dimension, seed: 1)
    let index = try VectorIndex(dimension: dimension, capacity: count)
    let vectors = try (0..<count).map { _ in try UnitVector(source.next()) }
    let appending = try processorSeconds {
      for (place, vector) in vectors.enumerated() { try index.append(Int64(place) + 1, vector) }
    }
    report.add(.init(name: "vectors.append", value: Double(count) / appending, unit: "/s"))
    let linking = try processorSeconds { while index.waiting > 0 { try index.link() } }
    report.add(
      .init(
        name: "vectors.link",
        value: Double(count) / linking,
        unit: "/s",
        note: "into the graph, a second of one processor's"
      )
    )
    let wanted = try (0..<queries).map { _ in try UnitVector(source.next()) }
    for effort in [64, 128, VectorIndex.searchEffort] { try search(index, wanted, effort, into: &report) }

    let file = index.file(owner: [UInt8](repeating: 0, count: VectorIndex.ownerSize), last: Int64(count))
    report.add(.init(name: "vectors.file", value: Double(file.count) / 1_048_576, unit: "MiB"))
    let loading = try processorSeconds {
      let owner = [UInt8](repeating: 0, count: VectorIndex.ownerSize)
      let read = try VectorIndex.read(file, owner: owner, dimension: dimension, capacity: count).index
      for (place, vector) in vectors.enumerated() { try read.fill(Int64(place) + 1, vector) }
      read.endFilling()
    }
    report.add(
      .init(name: "vectors.load", value: loading, unit: "s", baseline: linking, note: "of linking them")
    )
    for id in stride(from: 1, through: count, by: removedEach) { index.remove(Int64(id)) }
    let (recall, _) = try outcome(wanted, index) { try index.search($0, limit: limit) }
    report.add(.init(name: "vectors.recall.removed", value: recall, unit: "", note: "a tenth of them removed"))
  }

  private static func search(
    _ index: VectorIndex,
    _ wanted: [UnitVector],
    _ effort: Int,
    into report: inout Report
  ) throws {
    let (recall, time) = try outcome(wanted, index) { try index.search($0, limit: limit, effort: effort) }
    let (plainRecall, plainTime) = try outcome(wanted, index) {
      try index.searchPlain($0, limit: limit, effort: effort)
    }
    let (_, exactTime) = try outcome(wanted, index) { try index.scan($0, limit: limit) }
    let name = "vectors.ef\(effort)"
    report.add(.init(name: "\(name).p50", value: time, unit: "µs", baseline: plainTime, note: "hnswlib's own search"))
    report.add(.init(name: "\(name).recall", value: recall, unit: "", baseline: plainRecall, note: "of the nearest 10"))
    report.add(.init(name: "\(name).exact", value: time, unit: "µs", baseline: exactTime, note: "all looked at"))
  }

  /// The share of the nearest that a search finds, and how many microseconds the middle one of them takes.
  private static func outcome(
    _ wanted: [UnitVector],
    _ index: VectorIndex,
    _ search: (UnitVector) throws -> [VectorIndex.Match]
  ) throws -> (recall: Double, p50: Double) {
    var times: [Double] = []
    var found = 0
    for query in wanted {
      var matches: [VectorIndex.Match] = []
      times.append(try seconds { matches = try search(query) } * 1_000_000)
      found += Set(matches.map(\.id)).intersection(try index.scan(query, limit: limit).map(\.id)).count
    }
    return (Double(found) / Double(wanted.count * limit), times.sorted()[times.count / 2])
  }

  /// What a lengthy thing takes of a processor: the machine does other things meanwhile.
  private static func processorSeconds(_ body: () throws -> Void) throws -> Double {
    func now() throws -> Double {
      var time = timespec()
      guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { throw BenchError(call: "clock_gettime") }
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = try now()
    try body()
    return try now() - start
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }
}

/// Vectors as models of texts make them: of hundreds of elements, and really of a few dozen dimensions.
private struct LatentSource {
  private static let latentDimension = 32
  private static let noise: Float = 0.1

  private let basis: [[Float]]
  private var random: SplitMix

  init(dimension: Int, seed: UInt64) {
    var random = SplitMix(state: seed)
    basis = (0..<dimension).map { _ in (0..<Self.latentDimension).map { _ in random.gauss() } }
    self.random = random
  }

  mutating func next() -> [Float] {
    let latent = (0..<Self.latentDimension).map { _ in random.gauss() }
    let scale = Float(Self.latentDimension).squareRoot()
    return basis.map { row in
      var sum: Float = 0
      for index in row.indices { sum += row[index] * latent[index] }
      return sum / scale + Self.noise * random.gauss()
    }
  }
}

/// Random numbers that a seed repeats, so that runs are of the same vectors.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of the normal distribution.
  mutating func gauss() -> Float {
    let radius = Double.random(in: Double.leastNormalMagnitude..<1, using: &self)
    let angle = Double.random(in: 0..<1, using: &self)
    return Float((-2 * log(radius)).squareRoot() * cos(2 * .pi * angle))
  }
}
