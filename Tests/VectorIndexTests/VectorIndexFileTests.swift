import TestSupport
import Testing

@testable import VectorIndex

@Suite(.timeLimit(.minutes(Patience.minutes))) struct VectorIndexFileTests {
  private static let owner = [UInt8](1...16)

  private func read(_ file: [UInt8], owner: [UInt8] = owner, capacity: Int = 10_000) throws -> VectorIndex {
    try VectorIndex.read(file, owner: owner, dimension: 64, capacity: capacity).index
  }

  /// Fills an index with those vectors whose number is not left out.
  private func fill(_ index: VectorIndex, _ vectors: [UnitVector], without: (Int) -> Bool = { _ in false }) throws {
    for (place, vector) in vectors.enumerated() where !without(place) { try index.fill(Int64(place) + 1, vector) }
    index.endFilling()
  }

  @Test func `a graph that was written is read again and finds the same`() throws {
    let (index, vectors, queries) = try VectorIndexTests.index(of: 2_000)
    let file = index.file(owner: Self.owner, last: 2_000)
    #expect(file.count <= VectorIndex.fileSizeMax(count: 2_000))
    let (again, last) = try VectorIndex.read(file, owner: Self.owner, dimension: 64, capacity: 2_000)
    #expect(last == 2_000)
    try fill(again, vectors)
    #expect(again.linked == 2_000 && again.count == 2_000)
    for query in queries { #expect(try again.search(query, limit: 10) == index.search(query, limit: 10)) }
    #expect(again.file(owner: Self.owner, last: 2_000) == file)
  }

  @Test func `what was removed and added after a graph was written is so in what is read`() throws {
    var (index, vectors, queries) = try VectorIndexTests.index(of: 2_000)
    let file = index.file(owner: Self.owner, last: 2_000)
    var latent = LatentVectors(dimension: 64, seed: 3)
    vectors += try (0..<100).map { _ in try UnitVector(latent.next()) }
    let again = try read(file)
    try fill(again, vectors) { $0.isMultiple(of: 3) && $0 < 2_000 }
    #expect(again.count == 2_100 - 667 && again.waiting == 100)
    for _ in 0..<100 { try again.link() }
    queries += vectors.suffix(50)
    #expect(try VectorIndexTests.recall(again, queries) >= 0.95)
    for query in queries {
      let found = try again.search(query, limit: 10)
      #expect(found.allSatisfy { $0.id > 2_000 || !(Int($0.id) - 1).isMultiple(of: 3) })
    }
  }

  @Test func `a file that was cut or in which a bit has changed is none`() throws {
    let (index, _, _) = try VectorIndexTests.index(of: 300)
    let file = index.file(owner: Self.owner, last: 300)
    for size in [0, 7, 8, 55, 56, 71, 72, file.count / 2, file.count - 1] {
      #expect(throws: VectorIndexError.self) { try read(Array(file.prefix(size))) }
    }
    #expect(throws: VectorIndexError.self) { try read(file + [0]) }
    var random = SeededRandom(seed: 5)
    for _ in 0..<500 {
      var changed = file
      changed[Int.random(in: file.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      #expect(throws: VectorIndexError.self) { try read(changed) }
    }
  }

  @Test func `a file of another owner, dimension or size is none`() throws {
    let (index, _, _) = try VectorIndexTests.index(of: 300)
    let file = index.file(owner: Self.owner, last: 300)
    #expect(throws: VectorIndexError.self) { try read(file, owner: [UInt8](repeating: 0, count: 16)) }
    #expect(throws: VectorIndexError.self) { try read(file, capacity: 299) }
    #expect(throws: VectorIndexError.self) {
      try VectorIndex.read(file, owner: Self.owner, dimension: 63, capacity: 300)
    }
  }

  @Test func `a graph of other vectors is noticed when they are filled in`() throws {
    let (index, vectors, _) = try VectorIndexTests.index(of: 300)
    let again = try read(index.file(owner: Self.owner, last: 300))
    try again.fill(1, vectors[0])
    let error = #expect(throws: VectorIndexError.self) { try again.fill(2, vectors[7]) }
    #expect(error?.kind == .damaged)
  }

  @Test func `what passes for a graph can be searched, whatever it is`() throws {
    let (index, vectors, queries) = try VectorIndexTests.index(of: 300)
    let file = index.file(owner: Self.owner, last: 300)
    var random = SeededRandom(seed: 6)
    var read = 0
    for _ in 0..<2_000 {
      var changed = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        changed[Int.random(in: 56..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let again = try? self.read(VectorIndex.signed(changed)) else { continue }
      read += 1
      do { try fill(again, vectors) } catch { continue }
      #expect(try again.search(queries[0], limit: 10).count <= 10)
      try again.append(1_000_000_000_000, queries[1])
      try again.link()
    }
    #expect(read > 100)
  }
}
