internal import CHNSW

/// A vector of length 1, as the bytes of little-endian floats that it is stored in.
package struct UnitVector: Hashable, Sendable {
  /// The most elements of a vector: models have up to 4096.
  package static let dimensionMax = 4_096
  /// Bytes of one element.
  package static let elementSize = 4

  /// How far the square of a length may be from 1 for the vector to be taken as it is: what is left by rounding when a
  /// model makes it, so that a vector is stored as it came and found unchanged when it comes again.
  private static let tolerance = 1e-5

  package let bytes: [UInt8]

  /// How many elements it has.
  package var dimension: Int { bytes.count / Self.elementSize }

  /// Takes bytes that were once a unit vector's, such as those in a database.
  package init(stored bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Makes a vector one of length 1.
  ///
  /// - Throws: when it has another number of elements, one that is no number, or no direction.
  package init(littleEndian bytes: [UInt8], dimension: Int) throws(VectorIndexError) {
    guard bytes.count == dimension * Self.elementSize else {
      let found =
        bytes.count.isMultiple(of: Self.elementSize)
        ? "\(bytes.count / Self.elementSize)" : "\(bytes.count) bytes"
      throw VectorIndexError(.misuse, "expected \(dimension) floats of 4 bytes, found \(found)")
    }
    var square = 0.0
    for index in 0..<dimension {
      let element = Self.element(bytes, index)
      guard element.isFinite else {
        throw VectorIndexError(.misuse, "expected finite numbers, found \(element) at \(index)")
      }
      square += Double(element) * Double(element)
    }
    guard square > 0 else { throw VectorIndexError(.misuse, "expected a direction, found zeros alone") }
    if abs(square - 1) <= Self.tolerance {
      self.init(stored: bytes)
    } else {
      let length = square.squareRoot()
      self.init(elements: (0..<dimension).map { Float(Double(Self.element(bytes, $0)) / length) })
    }
  }

  /// Makes a vector of elements that are those of one.
  private init(elements: [Float]) {
    bytes = elements.flatMap { element in
      let bits = element.bitPattern
      return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> UInt32($0)) }
    }
  }

  /// Makes a vector of length 1 of some elements.
  package init(_ elements: [Float]) throws(VectorIndexError) {
    try self.init(littleEndian: Self(elements: elements).bytes, dimension: elements.count)
  }

  /// The cosine of the angle between the two; of vectors of the same dimension.
  package func score(_ other: UnitVector) -> Float {
    guard bytes.count == other.bytes.count else { return 0 }
    return unsafe bytes.withUnsafeBytes { own in
      unsafe other.bytes.withUnsafeBytes { other in
        guard let left = own.baseAddress, let right = other.baseAddress else { return 0 }
        return unsafe chnsw_dot(left, right, dimension)
      }
    }
  }

  private static func element(_ bytes: [UInt8], _ index: Int) -> Float {
    let place = index * elementSize
    let bits =
      UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
      | UInt32(bytes[place + 3]) << 24
    return Float(bitPattern: bits)
  }
}
