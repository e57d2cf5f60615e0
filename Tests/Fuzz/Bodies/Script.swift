/// Bytes that are taken from the front as numbers and pieces; after the end all are zero.
struct Script {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    rest = bytes[...]
  }

  var isOver: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
    (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: byte()) << Number(8 * $1) }
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    let piece = rest.prefix(max(0, count))
    rest = rest.dropFirst(piece.count)
    return Array(piece)
  }
}
