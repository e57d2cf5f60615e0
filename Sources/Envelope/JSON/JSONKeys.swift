/// Keys that are looked for again and again.
public struct JSONKeys: Sendable {
  let list: [String]
  /// A bit for each, by its size and first byte, which are spread so that few other keys have the same.
  let marks: UInt64

  /// Creates a list of keys.
  public init(_ list: [String]) {
    self.list = list
    marks = list.reduce(into: 0) { $0 |= Self.mark(size: $1.utf8.count, first: $1.utf8.first ?? 0) }
  }

  @inline(__always)
  static func mark(size: Int, first: UInt8) -> UInt64 {
    1 << (UInt64(truncatingIfNeeded: size &* 26 &+ Int(first)) & 63)
  }
}

extension JSONIndex.Entry {
  /// Whether a key without escapes is this one.
  @inline(__always)
  func isKey(_ sought: Span<UInt8>, in bytes: Span<UInt8>) -> Bool {
    guard Int(keyEnd) - Int(keyStart) == sought.count, keyStart > 0 else { return false }
    for place in sought.indices where bytes[Int(keyStart) + place] != sought[place] { return false }
    return true
  }

  @inline(__always)
  func mark(in bytes: Span<UInt8>) -> UInt64 {
    JSONKeys.mark(size: Int(keyEnd - keyStart), first: keyEnd > keyStart ? bytes[Int(keyStart)] : 0)
  }
}

extension JSONIndex {
  /// A member's key.
  func key(_ entry: Entry) -> String {
    guard entry.hasEscapedKey else { return String(decoding: bytes[entry.key], as: UTF8.self) }
    return unescaped(Int(entry.keyStart) - 1..<Int(entry.keyEnd) + 1) ?? ""
  }

  /// The text of a string in quotes.
  func unescaped(_ quoted: Range<Int>) -> String? { (try? JSON.parse(bytes[quoted]))?.stringValue }
}
