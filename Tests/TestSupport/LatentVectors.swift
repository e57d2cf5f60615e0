internal import Glibc

/// Vectors as models of texts make them: they seem to have hundreds of dimensions, and have a few dozen.
///
/// Plain random vectors are all as far from each other, which no real ones are: what finds neighbours by a graph finds
/// none among them.
package struct LatentVectors {
  /// How many dimensions the vectors really have.
  private static let latentDimension = 32
  /// How far noise takes a vector from where its latent one puts it, as a share of its elements.
  private static let noise: Float = 0.1

  private let basis: [[Float]]
  private var random: SeededRandom

  package init(dimension: Int, seed: UInt64) {
    var random = SeededRandom(seed: seed)
    basis = (0..<dimension).map { _ in (0..<Self.latentDimension).map { _ in random.gauss() } }
    self.random = random
  }

  /// The elements of the next vector, not of length 1.
  package mutating func next() -> [Float] {
    let latent = (0..<Self.latentDimension).map { _ in random.gauss() }
    let scale = Float(Self.latentDimension).squareRoot()
    return basis.map { row in
      var sum: Float = 0
      for index in row.indices { sum += row[index] * latent[index] }
      return sum / scale + Self.noise * random.gauss()
    }
  }
}

extension SeededRandom {
  /// A number of the normal distribution.
  fileprivate mutating func gauss() -> Float {
    let (left, right) = (
      Double.random(in: Double.leastNormalMagnitude..<1, using: &self), Double.random(in: 0..<1, using: &self)
    )
    return Float((-2 * log(left)).squareRoot() * cos(2 * .pi * right))
  }
}
