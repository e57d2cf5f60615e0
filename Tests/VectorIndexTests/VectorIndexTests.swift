import TestSupport
import Testing

@testable import VectorIndex

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorIndexTests {
  /// An index of some vectors, all of them linked, and some that are looked for.
  static func index(
    of count: Int,
    dimension: Int = 64,
    seed: UInt64 = 1
  ) throws -> (index: VectorIndex, vectors: [UnitVector], queries: [UnitVector]) {
    var latent = LatentVectors(dimension: dimension, seed: seed)
    let index = try VectorIndex(dimension: dimension, capacity: count)
    let vectors = try (0..<count).map { _ in try UnitVector(latent.next()) }
    for (place, vector) in vectors.enumerated() { try index.append(Int64(place) + 1, vector) }
    for _ in vectors { try index.link() }
    return (index, vectors, try (0..<50).map { _ in try UnitVector(latent.next()) })
  }

  /// Which share of the nearest ten are found.
  static func recall(_ index: VectorIndex, _ queries: [UnitVector]) throws -> Double {
    var found = 0
    var all = 0
    for query in queries {
      let nearest = Set(try index.scan(query, limit: 10).map(\.id))
      found += nearest.intersection(try index.search(query, limit: 10).map(\.id)).count
      all += nearest.count
    }
    return Double(found) / Double(all)
  }

  @Test func `the graph finds at least 95 of 100 of the nearest`() throws {
    let (index, _, queries) = try Self.index(of: 5_000)
    #expect(!index.isExact && index.waiting == 0)
    #expect(try Self.recall(index, queries) >= 0.95)
  }

  @Test func `what is looked at one by one is in the order of the scores`() throws {
    let (index, vectors, queries) = try Self.index(of: 500, dimension: 37)
    for query in queries {
      let found = try index.scan(query, limit: 20)
      let expected = vectors.map { $0.score(query) }.sorted(by: >).prefix(20)
      #expect(found.map(\.score) == Array(expected))
      for match in found { #expect(vectors[Int(match.id) - 1].score(query) == match.score) }
    }
  }

  @Test(arguments: [1, 3, 8, 31, 32, 33, 40, 384, 4_096])
  func `a score is the sum of the products, whatever the dimension`(dimension: Int) throws {
    var latent = LatentVectors(dimension: dimension, seed: 9)
    let (left, right) = (latent.next(), latent.next())
    let (a, b) = (try UnitVector(left), try UnitVector(right))
    let sum = zip(left, right).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let lengths = [left, right].map { $0.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    #expect(abs(Double(a.score(b)) - sum / (lengths[0] * lengths[1])) < 1e-5)
    #expect(abs(a.score(a) - 1) < 1e-5)
  }

  @Test func `a vector is found at once, before it is linked, and not once it is removed`() throws {
    let (index, vectors, _) = try Self.index(of: 3_000)
    var latent = LatentVectors(dimension: 64, seed: 2)
    let new = try UnitVector(latent.next())
    try index.append(10_000, new)
    #expect(index.waiting == 1)
    #expect(try index.search(new, limit: 1).map(\.id) == [10_000])
    try index.link()
    #expect(try index.search(new, limit: 1).map(\.id) == [10_000])
    #expect(index.remove(10_000))
    #expect(!index.remove(10_000) && !index.remove(77_777) && !index.remove(-1))
    #expect(try index.search(new, limit: 1).map(\.id) != [10_000])
    #expect(index.score(new, 10_000) == nil)
    #expect(index.score(vectors[4], 5).map { abs($0 - 1) < 1e-5 } == true)
    #expect(index.count == 3_000 && index.gone == 1)
  }

  @Test func `with half of the vectors removed the other half is found`() throws {
    let (index, _, queries) = try Self.index(of: 4_000)
    for id in stride(from: 1, through: 4_000, by: 2) { index.remove(Int64(id)) }
    #expect(try Self.recall(index, queries) >= 0.95)
    for query in queries { #expect(try index.search(query, limit: 10).allSatisfy { $0.id.isMultiple(of: 2) }) }
  }

  @Test func `with all of them removed nothing is found, and new ones are`() throws {
    let (index, vectors, _) = try Self.index(of: 200)
    for id in 1...200 { index.remove(Int64(id)) }
    #expect(try index.search(vectors[0], limit: 5) == [])
    for (place, vector) in vectors.enumerated() {
      try index.append(Int64(1_000 + place), vector)
      try index.link()
    }
    #expect(try index.search(vectors[7], limit: 1).map(\.id) == [1_007])
  }

  @Test func `one and the same vector many times breaks nothing`() throws {
    let index = try VectorIndex(dimension: 4)
    let vector = try UnitVector([1, 2, 3, 4])
    for id in 1...3_000 {
      try index.append(Int64(id), vector)
      try index.link()
    }
    #expect(try index.search(vector, limit: 100).count == 100)
  }

  @Test(
    arguments: [
      ([1, .nan], 2, "expected finite numbers, found nan at 1"),
      ([.infinity, 1], 2, "expected finite numbers, found inf at 0"),
      ([0, 0, 0], 3, "expected a direction, found zeros alone"),
      ([1, 2, 3], 4, "expected 4 floats of 4 bytes, found 3"),
    ] as [([Float], Int, String)]
  )
  func `what is no vector is refused with what is wrong`(elements: [Float], dimension: Int, words: String) {
    let bytes = elements.flatMap { element in (0..<4).map { UInt8(truncatingIfNeeded: element.bitPattern >> (8 * $0)) }
    }
    let error = #expect(throws: VectorIndexError.self) { try UnitVector(littleEndian: bytes, dimension: dimension) }
    #expect(error?.description == words)
  }

  @Test func `a vector of length 1 stays as it came, and another is made one`() throws {
    let unit = try UnitVector([0.6, 0.8])
    #expect(try UnitVector(littleEndian: unit.bytes, dimension: 2) == unit)
    #expect(try UnitVector([3, 4]).score(unit) > 0.999_999)
    #expect(try UnitVector([1e-20, 0]).bytes == UnitVector([1e20, 0]).bytes)
  }

  @Test func `ids ascend, and dimensions are as they were said to be`() throws {
    let index = try VectorIndex(dimension: 2)
    let vector = try UnitVector([1, 1])
    try index.append(5, vector)
    #expect(throws: VectorIndexError.self) { try index.append(5, vector) }
    #expect(throws: VectorIndexError.self) { try index.append(-1, vector) }
    #expect(throws: VectorIndexError.self) { try index.append(6, UnitVector([1, 1, 1])) }
    #expect(throws: VectorIndexError.self) { try index.search(UnitVector([1]), limit: 1) }
    for dimension in [0, -1, 4_097] { #expect(throws: VectorIndexError.self) { try VectorIndex(dimension: dimension) } }
    #expect(try index.search(vector, limit: 3).map(\.id) == [5])
  }
}
