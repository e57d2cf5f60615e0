/// The pieces that a tokenizer knows, by their bytes: those that begin a word, and those that go on with one.
public struct Vocabulary: Sendable {
  /// Why a list of pieces cannot be used.
  public struct Failure: Error, Hashable, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String
  }

  /// What stands before a piece that goes on with a word.
  static let continuation: [UInt8] = Array("##".utf8)
  /// The most pieces: eight times what the largest known model has.
  static let countMax = 1 << 20
  /// Bytes of the longest piece, so that looking one up is bounded.
  static let pieceMax = 256

  private struct Piece {
    var offset: Int
    var count: Int
    var hash: UInt64
    var id: UInt32
  }

  private var bytes: [UInt8] = []
  private var pieces: [Piece] = []
  /// Where each piece is in `pieces`, plus one, by its hash; the next free slot, where that is taken.
  private var slots: [UInt32]
  /// Bytes of the longest piece.
  private(set) var longest = 0

  /// How many pieces there are; their ids are below it.
  public var count: Int { pieces.count }

  /// Reads a file that has a piece a line, the first of which is number 0.
  public init(lines: [UInt8]) throws(Failure) {
    var lines = lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard (1...Self.countMax).contains(lines.count) else {
      throw Failure(description: "expected 1 to \(Self.countMax) pieces, found \(lines.count)")
    }
    // At most half of the slots are taken, so that a free one is near.
    var size = 2
    while size < lines.count * 2 { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
    for (id, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard (1...Self.pieceMax).contains(line.count) else {
        throw Failure(description: "line \(id + 1): expected 1 to \(Self.pieceMax) bytes, found \(line.count)")
      }
      add(line, UInt32(id))
    }
  }

  private mutating func add(_ line: ArraySlice<UInt8>, _ id: UInt32) {
    let goesOn = line.count > Self.continuation.count && line.starts(with: Self.continuation)
    let text = goesOn ? line.dropFirst(Self.continuation.count) : line
    var hash = Self.seed(goesOn: goesOn)
    for byte in text { Self.mix(byte, into: &hash) }
    pieces.append(Piece(offset: bytes.count, count: text.count, hash: hash, id: id))
    bytes += text
    longest = max(longest, text.count)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(pieces.count)
  }

  /// The number of a piece, such as `[CLS]` or `##ing`.
  public func id(of piece: String) -> UInt32? {
    var text = Array(piece.utf8)
    let goesOn = text.count > Self.continuation.count && text.starts(with: Self.continuation)
    if goesOn { text.removeFirst(Self.continuation.count) }
    var hash = Self.seed(goesOn: goesOn)
    for byte in text { Self.mix(byte, into: &hash) }
    return id(hash, text.span, 0..<text.count)
  }

  /// The number of the piece that has a hash and stands in some bytes.
  func id(_ hash: UInt64, _ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let piece = pieces[Int(slots[slot]) - 1]
      // Two pieces of one hash may be a beginning and a continuation, but the hash of those differs in its seed.
      if piece.hash == hash, piece.count == range.count, matches(piece, text, range) { return piece.id }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func matches(_ piece: Piece, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for index in 0..<piece.count where bytes[piece.offset + index] != text[range.lowerBound + index] { return false }
    return true
  }

  /// What a piece's hash begins with; a piece that goes on with a word is another than the same bytes at its beginning.
  static func seed(goesOn: Bool) -> UInt64 { goesOn ? 0xcbf2_9ce4_8422_2325 : 0x9e37_79b9_7f4a_7c15 }

  /// Goes on with one byte: FNV-1a, whose bits are spread so that its low ones tell as much as the others.
  static func mix(_ byte: UInt8, into hash: inout UInt64) {
    hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    hash ^= hash >> 29
  }
}
