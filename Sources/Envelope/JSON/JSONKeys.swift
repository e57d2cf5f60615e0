/// Keys that are looked for again and again.
public struct JSONKeys: Sendable {
  let list: [String]
  /// A bit for each, by its size and first byte, which are spread so that few other keys have the same.
  let marks: UInt64

  /// Creates a list of keys.
  public init(_ list: [String]) {
    self.list = list
    marks = list.reduce(into: 0) { $0 |= Self.mark(size: $1.utf8.count, first: $1.utf8.first ?? UInt8(ascii: "\"")) }
  }

  /// That of a key of so many bytes; `first` is what stands behind its opening quote.
  @inline(__always)
  static func mark(size: Int, first: UInt8) -> UInt64 {
    1 << (UInt64(truncatingIfNeeded: size &* 26 &+ Int(first)) & 63)
  }
}

extension JSONIndex {
  /// Where the value at a key of an object is in the list.
  ///
  /// Elements are read where they lie: to hold a list while it is searched would count its references.
  func child(_ key: String, of parent: Int) -> Int? {
    let sought = key.utf8Span.span
    let last = Int(entries[parent].next)
    var child = parent + 1
    while child < last {
      if entries[child].hasEscapedKey {
        if self.key(entries[child]).utf8.elementsEqual(key.utf8) { return child }
      } else if isKey(child, sought) {
        return child
      }
      child = Int(entries[child].next)
    }
    return nil
  }

  /// Whether a key without escapes is this one.
  @inline(__always)
  private func isKey(_ position: Int, _ sought: Span<UInt8>) -> Bool {
    let start = Int(entries[position].keyStart)
    guard Int(entries[position].keyEnd) - start == sought.count, start > 0 else { return false }
    for place in sought.indices where bytes[start + place] != sought[place] { return false }
    return true
  }

  /// Where the values of all members at any depth whose key is one of some are in the list.
  func descendants(of parent: Int, named keys: JSONKeys) -> [Int] {
    let within = parent + 1..<max(parent + 1, Int(entries[parent].next))
    if keys.list == notedKeys.list {
      return noted.lazy.map(Int.init).filter { within ~= $0 && isAny($0, of: keys) }
    }
    return within.filter { child in
      entries[child].keyStart > 0 && (entries[child].hasEscapedKey || mark(of: child) & keys.marks != 0)
        && isAny(child, of: keys)
    }
  }

  /// Whether a member's key is one of some.
  private func isAny(_ position: Int, of keys: JSONKeys) -> Bool {
    guard !entries[position].hasEscapedKey else { return keys.list.contains(key(entries[position])) }
    return keys.list.contains { isKey(position, $0.utf8Span.span) }
  }

  @inline(__always)
  private func mark(of position: Int) -> UInt64 {
    let (start, end) = (Int(entries[position].keyStart), Int(entries[position].keyEnd))
    return JSONKeys.mark(size: end - start, first: bytes[start])
  }

  /// A member's key.
  func key(_ entry: Entry) -> String {
    guard entry.hasEscapedKey else { return String(decoding: bytes[entry.key], as: UTF8.self) }
    return unescaped(Int(entry.keyStart) - 1..<Int(entry.keyEnd) + 1) ?? ""
  }

  /// The text of a string in quotes.
  func unescaped(_ quoted: Range<Int>) -> String? { (try? JSON.parse(bytes[quoted]))?.stringValue }
}
