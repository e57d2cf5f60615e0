internal import CHNSW

/// Vectors in memory by ascending id, and what finds those nearest to one: a loop over all of them while they are few,
/// hnswlib's graph when they are many.
///
/// A vector that is added is found at once, and put into the graph later, a step at a time, by `link()`. It belongs to
/// one thread at a time.
@safe package final class VectorIndex {
  /// A vector that was found.
  package struct Match: Hashable, Sendable {
    package let id: Int64
    /// The cosine of the angle between it and what was looked for.
    package let score: Float
  }

  /// Neighbours that a vector is linked with, and twice as many on the bottom.
  ///
  /// That is 136 bytes beside 1,536 of a usual vector. 32 would find a little more at twice the bytes and half again the
  /// time to link.
  package static let links: UInt32 = 16
  /// How many vectors are looked at to choose a new one's neighbours: twice as many take twice as long, for a
  /// thousandth more found.
  package static let linkingEffort: UInt32 = 200
  /// How many vectors a search keeps for better ones, unless it says: of 100,000 it finds 99 % of the nearest ten in
  /// under a millisecond.
  package static let searchEffort = 256
  /// The most that may be asked of a search: beyond it looking at all vectors is hardly slower.
  package static let searchEffortMax = 8_192
  /// Up to so many vectors are looked at one by one, those that wait for the graph included: of 384 elements that is
  /// about 1 ms, hardly more than the graph takes, and finds all.
  package static let scanMax = 20_000

  /// How many elements each vector has.
  package let dimension: Int
  /// Up to how many vectors are looked at one by one.
  let scanMax: Int
  private let handle: OpaquePointer

  /// An index without vectors, with room for `capacity` of them; beyond that it grows.
  package convenience init(
    dimension: Int,
    capacity: Int = 0,
    scanMax: Int = VectorIndex.scanMax
  ) throws(VectorIndexError) {
    guard (1...UnitVector.dimensionMax).contains(dimension) else {
      throw VectorIndexError(.misuse, "expected a dimension of 1 to \(UnitVector.dimensionMax), found \(dimension)")
    }
    let made = unsafe chnsw_create(UInt32(dimension), Self.links, Self.linkingEffort, UInt64(capacity))
    guard let made = unsafe made else {
      throw VectorIndexError(.memory, "no memory for \(capacity) vectors of \(dimension) elements")
    }
    unsafe self.init(owning: made, dimension: dimension, scanMax: scanMax)
  }

  init(owning handle: OpaquePointer, dimension: Int, scanMax: Int) {
    unsafe self.handle = unsafe handle
    self.scanMax = scanMax
    self.dimension = dimension
  }

  deinit { unsafe chnsw_destroy(handle) }

  /// Calls `body` with what the functions in C know the index by.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(handle) }

  // MARK: - What it has

  private var counts: chnsw_counts { unsafe chnsw_count(handle) }

  /// How many vectors can be found.
  package var count: Int { Int(counts.all - counts.gone) }
  /// How many vectors were removed, and still take their memory.
  package var gone: Int { Int(counts.gone) }
  /// How many vectors wait for being linked.
  package var waiting: Int { Int(counts.all - counts.linked) }
  /// How many vectors are in the graph.
  package var linked: Int { Int(counts.linked) }
  /// Whether there are so many vectors that those that wait should be linked.
  package var wantsLinks: Bool { waiting > 0 && (linked > 0 || count > scanMax) }
  /// Whether a search finds all of the nearest, since it looks at every vector.
  package var isExact: Bool { linked == 0 || waiting > scanMax }
  /// Bytes of memory that it takes.
  package var memory: Int { Self.memory(dimension: dimension, count: Int(unsafe chnsw_capacity(handle))) }

  /// Bytes of memory that an index of so many vectors takes.
  package static func memory(dimension: Int, count: Int) -> Int {
    Int(chnsw_memory(UInt32(dimension), links, UInt64(count)))
  }

  // MARK: - Changing it

  /// Adds a vector whose id is above all before it.
  package func append(_ id: Int64, _ vector: UnitVector) throws(VectorIndexError) {
    try check(id, vector)
    try check(unsafe vector.bytes.withUnsafeBytes { unsafe chnsw_append(handle, UInt64(id), $0.baseAddress.bytes) })
  }

  /// Takes a vector out of what is found; false if there is none of that id.
  @discardableResult
  package func remove(_ id: Int64) -> Bool {
    guard id >= 0 else { return false }
    return unsafe chnsw_remove(handle, UInt64(id))
  }

  /// Puts the next of the vectors that wait into the graph.
  package func link() throws(VectorIndexError) {
    try check(unsafe chnsw_link(handle))
  }

  func check(_ id: Int64, _ vector: UnitVector) throws(VectorIndexError) {
    guard id >= 0, vector.dimension == dimension else {
      throw VectorIndexError(.misuse, "vector \(id): expected \(dimension) elements, found \(vector.dimension)")
    }
  }

  func check(_ status: chnsw_status) throws(VectorIndexError) {
    switch status {
    case CHNSW_OK: return
    case CHNSW_MEMORY: throw VectorIndexError(.memory, "no memory for more vectors of \(dimension) elements")
    case CHNSW_DAMAGED: throw VectorIndexError(.damaged, "the index is not of these vectors")
    default: throw VectorIndexError(.misuse, "expected an id above all before it, found another")
    }
  }
}

extension UnsafeRawPointer? {
  /// What stands at an address that is there: no vector is empty.
  var bytes: UnsafeRawPointer {
    guard let bytes = self else { preconditionFailure("a vector without elements") }
    return unsafe bytes
  }
}
