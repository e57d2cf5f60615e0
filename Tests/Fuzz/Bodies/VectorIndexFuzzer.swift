import VectorIndex

/// Whatever passes for the file of an index can be filled, searched, added to and written again; what does not is
/// refused.
enum VectorIndexFuzzer {
  static let dimension = 8
  static let owner = [UInt8](repeating: 7, count: VectorIndex.ownerSize)
  /// The most vectors of a file.
  private static let capacity = 256

  static func run(_ bytes: [UInt8]) throws {
    try tryFile(bytes)
    // By chance no checksum is right: what is behind it is to be reached too.
    if bytes.count >= 56 { try tryFile(VectorIndex.signed(bytes)) }
  }

  /// The vector of an id.
  static func vector(_ id: Int64) throws -> UnitVector {
    try UnitVector((0..<dimension).map { Float((id + 1) * Int64($0 + 3) % 17 - 8) + 0.5 })
  }

  private static func tryFile(_ bytes: [UInt8]) throws {
    guard let index = try? VectorIndex.read(bytes, owner: owner, dimension: dimension, capacity: capacity).index else {
      return
    }
    try hold(index.linked <= capacity, "a graph of \(index.linked) vectors")
    for id in 1...Int64(capacity) {
      // Of other vectors: the index is dropped, and can be as it is.
      guard (try? index.fill(id, vector(id))) != nil else { return }
    }
    index.endFilling()
    for effort in [1, 300] {
      let found = try index.search(vector(5), limit: 20, effort: effort)
      try hold(found.count <= min(20, index.count), "\(found.count) matches of \(index.count) vectors")
    }
    try index.append(.max, vector(0))
    while index.waiting > 0 { try index.link() }
    let file = index.file(owner: owner, last: .max)
    let again = try? VectorIndex.read(file, owner: owner, dimension: dimension, capacity: 2 * capacity)
    try hold(again?.index.linked == index.linked, "a file of one's own that is not read again")
  }
}
