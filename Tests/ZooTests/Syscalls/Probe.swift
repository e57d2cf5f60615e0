/// Arguments to ask a filter with: where its answers might change, and at random between.
struct Probe {
  private var state: UInt64 = 1
  private let interesting: [UInt64]

  /// Small numbers, single bits, and what the filter itself compares with, each also beside and beyond 32 bits.
  init(_ filter: InstalledFilter) {
    let bits = (0..<64).map { UInt64(1) << UInt64($0) }
    let near = filter.constants.flatMap { [$0 &- 1, $0, $0 &+ 1, ~$0 & 0xffff_ffff, $0 | 1 << 32] }
    interesting = Array(0..<300) + bits + near + [.max, 0xffff_ffff]
  }

  /// Each of them in each place, between zeros and between ones.
  var systematic: [[UInt64]] {
    var vectors: [[UInt64]] = [Array(repeating: 0, count: 6), Array(repeating: .max, count: 6)]
    for place in 0..<6 {
      for value in interesting {
        for others in [0, UInt64.max] {
          var vector = Array(repeating: others, count: 6)
          vector[place] = value
          vectors.append(vector)
        }
      }
    }
    return vectors
  }

  /// All places at once, half of the bits of some: the same ones in every run.
  mutating func random(_ count: Int) -> [[UInt64]] {
    (0..<count).map { _ in
      (0..<6).map { _ in
        let value = interesting[Int(next() % UInt64(interesting.count))]
        return next() % 3 == 0 ? value | interesting[Int(next() % UInt64(interesting.count))] : value
      }
    }
  }

  /// A linear congruential generator: its quality does not matter, but that it repeats itself.
  private mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
