internal import CHNSW

/// The graph of an index in a file, without the vectors: whoever has these fills them in, in the order of their ids.
///
/// So a file has no copy of what was removed, and can be no vector's undoing: what is wrong in one is noticed, and at
/// worst a search finds less.
///
///     8 bytes   "PHGRAPH1"
///     u32 each  dimension, links, effort of linking, 0
///     16 bytes  whose graph it is, as its owner says
///     u64       the last id in it
///     u64       a checksum of all else
///     the graph
extension VectorIndex {
  /// "PHGRAPH1": another first byte stands for another layout.
  private static let magic: [UInt8] = Array("PHGRAPH1".utf8)
  /// Bytes of a name for whose graph a file is.
  package static let ownerSize = 16
  static let headerSize = 56
  private static let checksumPlace = 48..<56
  /// The most bytes of a vector's part of the graph: all links on the bottom and, far beyond the mean, on ten levels.
  private static let slotSizeMax = 20 + 4 * (2 * Int(links) + 1) + 4 * 10 * (Int(links) + 1)

  /// The graph as the bytes of a file.
  package func file(owner: [UInt8], last: Int64) -> [UInt8] {
    precondition(owner.count == Self.ownerSize, "an owner's name has 16 bytes")
    var bytes = Self.magic
    for number in [UInt32(dimension), Self.links, Self.linkingEffort, 0] { bytes.append(number, size: 4) }
    bytes += owner
    bytes.append(last, size: 8)
    bytes.append(0, size: 8)
    let size = unsafe withHandle { unsafe chnsw_graph_size($0) }
    bytes += unsafe [UInt8](unsafeUninitializedCapacity: size) { graph, count in
      guard let start = graph.baseAddress else { return }
      unsafe withHandle { unsafe chnsw_graph_write($0, start) }
      count = size
    }
    return Self.signed(bytes)
  }

  /// The bytes of a file with the checksum that they should have.
  package static func signed(_ file: [UInt8]) -> [UInt8] {
    var signed = file
    let sum = checksum(file)
    for (place, shift) in zip(checksumPlace, stride(from: 0, to: 64, by: 8)) {
      signed[place] = UInt8(truncatingIfNeeded: sum >> UInt64(shift))
    }
    return signed
  }

  /// Makes an index of the bytes of a file, in which every vector still has to be filled in.
  ///
  /// - Parameters:
  ///   - file: The bytes, which may be any.
  ///   - owner: Whose graph it should be.
  ///   - dimension: How many elements the vectors have.
  ///   - capacity: The most vectors that it may have.
  ///   - scanMax: Up to how many vectors are looked at one by one.
  /// - Returns: The index, and the last id that its graph has.
  /// - Throws: of kind `damaged` when it is not that graph, whole.
  package static func read(
    _ file: [UInt8],
    owner: [UInt8],
    dimension: Int,
    capacity: Int,
    scanMax: Int = VectorIndex.scanMax
  ) throws(VectorIndexError) -> (index: VectorIndex, last: Int64) {
    guard file.count >= headerSize, Array(file[..<magic.count]) == magic else {
      throw VectorIndexError(.damaged, "expected an index, found \(file.count) bytes of something else")
    }
    guard file.number(at: checksumPlace) == checksum(file) else {
      throw VectorIndexError(.damaged, "expected another checksum: bytes have changed or are missing")
    }
    let found = (0..<4).map { UInt32(truncatingIfNeeded: file.number(at: 8 + 4 * $0..<12 + 4 * $0)) }
    guard found == [UInt32(dimension), links, linkingEffort, 0], Array(file[24..<40]) == owner else {
      throw VectorIndexError(.damaged, "expected the index of these vectors, found another one")
    }
    let last = Int64(truncatingIfNeeded: file.number(at: 40..<48))
    var made: OpaquePointer?
    let status = unsafe file.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return CHNSW_DAMAGED }
      return unsafe chnsw_graph_read(
        UInt32(dimension),
        links,
        linkingEffort,
        UInt64(max(capacity, 0)),
        start + headerSize,
        file.count - headerSize,
        &made
      )
    }
    guard status == CHNSW_OK, let made = unsafe made else {
      if status == CHNSW_MEMORY { throw VectorIndexError(.memory, "no memory for \(capacity) vectors") }
      throw VectorIndexError(.damaged, "expected a graph of at most \(capacity) vectors, found none")
    }
    return (unsafe VectorIndex(owning: made, dimension: dimension, scanMax: scanMax), last)
  }

  /// Fills in a vector of a graph that was read, or adds one behind it; ids ascend from call to call.
  ///
  /// - Throws: of kind `damaged` when the graph was made of other vectors.
  package func fill(_ id: Int64, _ vector: UnitVector) throws(VectorIndexError) {
    try check(id, vector)
    try check(
      unsafe vector.bytes.withUnsafeBytes { vector in
        unsafe withHandle { unsafe chnsw_fill($0, UInt64(id), vector.baseAddress.bytes) }
      }
    )
  }

  /// Ends filling in: what the graph has and was not filled in was removed meanwhile.
  package func endFilling() { unsafe withHandle { unsafe chnsw_fill_end($0) } }

  /// The most bytes that the file of so many vectors can have.
  package static func fileSizeMax(count: Int) -> Int { headerSize + 16 + count * slotSizeMax }

  private static func checksum(_ file: [UInt8]) -> UInt64 {
    let head = Array(file[..<checksumPlace.lowerBound])
    let start = unsafe head.withUnsafeBufferPointer { bytes in
      unsafe bytes.baseAddress.map { unsafe chnsw_checksum($0, bytes.count) } ?? 0
    }
    let rest = unsafe file.withUnsafeBufferPointer { bytes in
      unsafe bytes.baseAddress.map { unsafe chnsw_checksum($0 + headerSize, bytes.count - headerSize) } ?? 0
    }
    // Turned, so that one change in each cannot cancel the other out.
    return start << 1 ^ start >> 63 ^ rest
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ number: some FixedWidthInteger, size: Int) {
    for shift in 0..<size { append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
  }

  fileprivate func number(at range: Range<Int>) -> UInt64 {
    self[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
