/// What checks a JSON document by the rules of `JSONParser`, and notes where its values lie instead of making any.
///
/// One rule is left out: that no key stands twice in an object. It is one loop, so that where it is stays in a register;
/// what is seldom or long is a function that returns where it ended, or nil for what is no JSON.
struct JSONScanner {
  /// What was found; what is here before is forgotten, and its memory used again.
  var entries: [JSONIndex.Entry] = []
  /// Places in the list of values whose keys have one of some marks, or escapes.
  var noted: [UInt32] = []
  private let marks: UInt64
  private let depthMax: Int
  /// Bytes of JSON for each value, as messages have them: growing the list would copy it.
  private static let bytesPerEntry = 16

  /// Creates a scanner of a document that may stand so many levels deep in another, and which notes what has some of the
  /// marks of keys.
  init(depth: Int, noting marks: UInt64) {
    depthMax = JSON.depthMax - depth
    self.marks = marks
  }

  /// Whether the bytes from `start` on, which are UTF-8, are one document.
  mutating func isDocument(_ bytes: Span<UInt8>, from start: Int) -> Bool {
    guard bytes.count <= UInt32.max else { return false }
    entries.removeAll(keepingCapacity: true)
    noted.removeAll(keepingCapacity: true)
    entries.reserveCapacity((bytes.count - start) / Self.bytesPerEntry + 4)
    var offset = afterSpace(bytes, start)
    var depth = 0
    // The array or object that is open, and whether it is an object; while it is, its `next` is the one around it.
    var parent = UInt32.max
    var isObject = false
    var entry = JSONIndex.Entry()
    value: while true {
      guard offset < bytes.count else { return false }
      entry.start = UInt32(truncatingIfNeeded: offset)
      let first = bytes[offset]
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
        guard depth < depthMax else { return false }
        depth += 1
        entry.next = parent
        parent = UInt32(truncatingIfNeeded: entries.count)
        entries.append(entry)
        isObject = first == UInt8(ascii: "{")
        offset = afterSpace(bytes, offset + 1)
        guard offset < bytes.count else { return false }
        if bytes[offset] != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          entry = JSONIndex.Entry()
          if isObject {
            guard let start = afterKey(bytes, offset, &entry) else { return false }
            offset = start
          }
          continue value
        }
      } else {
        guard let after = afterScalar(bytes, offset, first, &entry) else { return false }
        offset = after
        entry.end = UInt32(truncatingIfNeeded: offset)
        entry.next = UInt32(truncatingIfNeeded: entries.count + 1)
        entries.append(entry)
        guard parent != .max else { return afterSpace(bytes, offset) == bytes.count }
        offset = afterSpace(bytes, offset)
      }
      // A value has ended, or an array or object is empty: what follows is a comma or ends what is open.
      while true {
        guard offset < bytes.count else { return false }
        let byte = bytes[offset]
        offset += 1
        if byte == UInt8(ascii: ",") {
          offset = afterSpace(bytes, offset)
          entry = JSONIndex.Entry()
          if isObject {
            guard let start = afterKey(bytes, offset, &entry) else { return false }
            offset = start
          }
          continue value
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return false }
        depth -= 1
        let closed = Int(parent)
        parent = entries[closed].next
        entries[closed].end = UInt32(truncatingIfNeeded: offset)
        entries[closed].next = UInt32(truncatingIfNeeded: entries.count)
        offset = afterSpace(bytes, offset)
        guard parent != .max else { return offset == bytes.count }
        isObject = bytes[Int(entries[Int(parent)].start)] == UInt8(ascii: "{")
      }
    }
  }

  /// Reads a key and the colon; returns where the value begins.
  @inline(__always)
  private mutating func afterKey(_ bytes: Span<UInt8>, _ start: Int, _ entry: inout JSONIndex.Entry) -> Int? {
    guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
    guard let quote = afterString(bytes, start, isEscaped: &entry.hasEscapedKey) else { return nil }
    entry.keyStart = UInt32(truncatingIfNeeded: start + 1)
    entry.keyEnd = UInt32(truncatingIfNeeded: quote - 1)
    // Nearly every key is none of those that are sought, and told by its mark alone.
    if marks & JSONKeys.mark(size: quote - start - 2, first: bytes[start + 1]) != 0 || entry.hasEscapedKey {
      noted.append(UInt32(truncatingIfNeeded: entries.count))
    }
    let colon = afterSpace(bytes, quote)
    guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return nil }
    return afterSpace(bytes, colon + 1)
  }

  @inline(__always)
  private func afterScalar(
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ first: UInt8,
    _ entry: inout JSONIndex.Entry
  ) -> Int? {
    switch first {
    case UInt8(ascii: "\""): afterString(bytes, start, isEscaped: &entry.isEscaped)
    case UInt8(ascii: "t"): after("true", bytes, start)
    case UInt8(ascii: "f"): after("false", bytes, start)
    case UInt8(ascii: "n"): after("null", bytes, start)
    default: afterNumber(bytes, start)
    }
  }

  @inline(__always)
  private func afterSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var offset = start
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { break }
      offset += 1
    }
    return offset
  }
}

// MARK: - Strings

extension JSONScanner {
  @inline(__always)
  private func afterString(_ bytes: Span<UInt8>, _ start: Int, isEscaped: inout Bool) -> Int? {
    var offset = start + 1
    while true {
      offset = afterPlain(bytes, offset)
      guard offset < bytes.count else { return nil }
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") { return offset + 1 }
      guard byte == UInt8(ascii: "\\"), let after = afterEscape(bytes, offset) else { return nil }
      isEscaped = true
      offset = after
    }
  }

  /// Where the next quote, backslash or control character is: eight bytes at a time while there are as many.
  @inline(__always)
  private func afterPlain(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var offset = start
    let ones: UInt64 = 0x0101_0101_0101_0101
    let raw = unsafe bytes.bytes
    while offset + 8 <= bytes.count {
      let word = UInt64(littleEndian: unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
      let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      // A byte less than what is taken from each borrows, and so has its highest bit set: zero where one was looked
      // for, below a space the control characters. A borrow only goes upwards, so that the lowest found is one.
      let found = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word)
      let marks = found & (ones &* 0x80)
      guard marks == 0 else { return offset + marks.trailingZeroBitCount / 8 }
      offset += 8
    }
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      offset += 1
    }
    return offset
  }

  @inline(never)
  private func afterEscape(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
    guard start + 1 < bytes.count else { return nil }
    switch bytes[start + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start + 2
    case UInt8(ascii: "u"):
      guard let unit = codeUnit(bytes, start), !UTF16.isTrailSurrogate(unit) else { return nil }
      guard UTF16.isLeadSurrogate(unit) else { return start + 6 }
      guard let trail = codeUnit(bytes, start + 6), UTF16.isTrailSurrogate(trail) else { return nil }
      return start + 12
    default: return nil
    }
  }

  /// The code unit that an escape of six bytes stands for.
  private func codeUnit(_ bytes: Span<UInt8>, _ start: Int) -> UInt16? {
    guard start + 6 <= bytes.count, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: "u") else {
      return nil
    }
    var unit: UInt16 = 0
    for place in start + 2..<start + 6 {
      guard let digit = Hex.value(bytes[place]) else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}

// MARK: - Numbers and words

extension JSONScanner {
  private func afterNumber(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
    var offset = start
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let whole = offset
    guard let point = afterDigits(bytes, whole), bytes[whole] != UInt8(ascii: "0") || point == whole + 1 else {
      return nil
    }
    offset = point
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      guard let after = afterDigits(bytes, offset + 1) else { return nil }
      offset = after
    }
    let hasExponent = offset < bytes.count && bytes[offset] | 0x20 == UInt8(ascii: "e")
    if hasExponent {
      offset += 1
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
      guard let after = afterDigits(bytes, offset) else { return nil }
      offset = after
    }
    /// A double holds any number of so many digits, as long as nothing multiplies it.
    let safeDigits = 300
    guard hasExponent || offset - start > safeDigits else { return offset }
    let text = unsafe bytes.extracting(start..<offset).withUnsafeBufferPointer { digits in
      unsafe String(decoding: digits, as: UTF8.self)
    }
    return Double(text)?.isFinite == true ? offset : nil
  }

  /// Reads one digit or more.
  @inline(__always)
  private func afterDigits(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
    var offset = start
    while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    return offset > start ? offset : nil
  }

  @inline(__always)
  private func after(_ word: StaticString, _ bytes: Span<UInt8>, _ start: Int) -> Int? {
    let size = word.utf8CodeUnitCount
    guard start + size <= bytes.count else { return nil }
    for place in 0..<size where unsafe bytes[start + place] != word.utf8Start[place] { return nil }
    return start + size
  }
}
