internal import CLinux

/// Byte strings that are looked for all at once: it takes about as long for a hundred thousand as for one.
package struct Needles: Sendable {
  /// What is looked for.
  package struct Needle: Sendable, Hashable {
    package let bytes: [UInt8]
    /// What it is, for whoever is told that it was found: `id`, `urn` or `text`.
    package let kind: String
    /// Whether it counts only where no letter, digit, `_` or `-` stands beside it: `ann` is not in `anna`.
    package let isWord: Bool

    package init(_ text: String, _ kind: String, isWord: Bool) {
      (bytes, self.kind, self.isWord) = (Array(text.utf8), kind, isWord)
    }
  }

  /// Bytes by which a needle is found first; shorter ones are looked for one by one, so there should be few of them.
  package static let headBytes = 8
  /// Bits of the filter that most places fail: with a hundred thousand needles one place in ten passes.
  private static let filterBits = 20

  private var byHead: [UInt64: [Needle]] = [:]
  private var short: [Needle] = []
  /// A bit for each hash of a head that there is.
  private var filter = [UInt64](repeating: 0, count: (1 << filterBits) / 64)
  /// Bytes of the longest.
  package private(set) var lengthMax = 0

  package init() {}

  /// Looks for one more.
  package mutating func insert(_ needle: Needle) {
    guard !needle.bytes.isEmpty else { return }
    lengthMax = max(lengthMax, needle.bytes.count)
    guard needle.bytes.count >= Self.headBytes else {
      if !short.contains(needle) { short.append(needle) }
      return
    }
    let head = unsafe needle.bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt64.self) }
    guard byHead[head]?.contains(needle) != true else { return }
    byHead[head, default: []].append(needle)
    let bit = Self.hash(head)
    filter[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  /// Whether any is in some bytes.
  package func isFound(in bytes: UnsafeRawBufferPointer) -> Bool {
    var isFound = false
    unsafe search(bytes) { _, _ in
      isFound = true
      return false
    }
    return isFound
  }

  /// Gives each place where one is, until `body` answers false.
  package func search(_ bytes: UnsafeRawBufferPointer, _ body: (Needle, Int) -> Bool) {
    for needle in short where unsafe !search(bytes, for: needle, body) { return }
    guard !byHead.isEmpty, bytes.count >= Self.headBytes else { return }
    for offset in 0...bytes.count - Self.headBytes {
      let head = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let bit = Self.hash(head)
      guard filter[bit >> 6] & (1 << UInt64(bit & 63)) != 0, let needles = byHead[head] else { continue }
      for needle in needles where unsafe Self.is(needle, in: bytes, at: offset) {
        guard body(needle, offset) else { return }
      }
    }
  }

  private func search(_ bytes: UnsafeRawBufferPointer, for needle: Needle, _ body: (Needle, Int) -> Bool) -> Bool {
    var start = 0
    while start < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
      let found = unsafe linux_find(rest.baseAddress, rest.count, needle.bytes, needle.bytes.count)
      guard found >= 0 else { return true }
      if unsafe Self.is(needle, in: bytes, at: start + found), !body(needle, start + found) { return false }
      start += found + 1
    }
    return true
  }

  private static func `is`(_ needle: Needle, in bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    let end = offset + needle.bytes.count
    guard end <= bytes.count, unsafe bytes[offset..<end].elementsEqual(needle.bytes) else { return false }
    guard needle.isWord else { return true }
    return unsafe !(offset > 0 && isOfWord(bytes[offset - 1])) && !(end < bytes.count && isOfWord(bytes[end]))
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func hash(_ head: UInt64) -> Int {
    // The golden ratio, whose multiples spread over all bits.
    Int(truncatingIfNeeded: (head &* 0x9e37_79b9_7f4a_7c15) >> UInt64(64 - filterBits))
  }
}
