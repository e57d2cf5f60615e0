/// Finds the members of an object or the elements of an array in their bytes, one level deep, and makes nothing of them.
///
/// It looks for no more than where each value ends: what lies inside is for whoever reads it, and theirs to refuse.
enum JSONOutline {
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  /// Calls `visit` with where the key, without its quotes, and the value of each member lie; false if it is no object.
  static func members(
    of bytes: [UInt8],
    in range: Range<Int>,
    _ visit: (_ key: Range<Int>, _ value: Range<Int>) -> Void
  ) -> Bool {
    let span = bytes.span.extracting(0..<range.upperBound)
    return items(span, from: range.lowerBound, UInt8(ascii: "{"), UInt8(ascii: "}")) { position in
      guard position < span.count, span[position] == quote, let end = endOfString(span, from: position) else {
        return nil
      }
      let key = position + 1..<end - 1
      let colon = skipSpace(span, from: end)
      guard colon < span.count, span[colon] == UInt8(ascii: ":") else { return nil }
      let start = skipSpace(span, from: colon + 1)
      guard let end = endOfValue(span, from: start) else { return nil }
      visit(key, start..<end)
      return end
    }
  }

  /// Calls `visit` with where each element lies; false if it is no array.
  static func elements(of bytes: [UInt8], in range: Range<Int>, _ visit: (Range<Int>) -> Void) -> Bool {
    let span = bytes.span.extracting(0..<range.upperBound)
    return items(span, from: range.lowerBound, UInt8(ascii: "["), UInt8(ascii: "]")) { position in
      guard let end = endOfValue(span, from: position) else { return nil }
      visit(position..<end)
      return end
    }
  }

  /// Goes through what stands between two brackets, separated by commas; `item` returns where one ends.
  private static func items(
    _ span: Span<UInt8>,
    from start: Int,
    _ open: UInt8,
    _ close: UInt8,
    _ item: (Int) -> Int?
  ) -> Bool {
    var position = skipSpace(span, from: start)
    guard position < span.count, span[position] == open else { return false }
    position = skipSpace(span, from: position + 1)
    guard position < span.count else { return false }
    if span[position] == close { return skipSpace(span, from: position + 1) == span.count }
    while true {
      guard let end = item(position) else { return false }
      position = skipSpace(span, from: end)
      guard position < span.count else { return false }
      if span[position] == close { return skipSpace(span, from: position + 1) == span.count }
      guard span[position] == UInt8(ascii: ",") else { return false }
      position = skipSpace(span, from: position + 1)
    }
  }

  @inline(__always)
  private static func skipSpace(_ span: Span<UInt8>, from start: Int) -> Int {
    var position = start
    while position < span.count {
      switch span[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return position
      }
    }
    return position
  }

  /// Where the string that begins here has ended, its closing quote included.
  @inline(__always)
  private static func endOfString(_ span: Span<UInt8>, from start: Int) -> Int? {
    var position = start + 1
    while position < span.count {
      let byte = span[position]
      if byte == quote { return position + 1 }
      position += byte == backslash ? 2 : 1
    }
    return nil
  }

  @inline(__always)
  private static func endOfValue(_ span: Span<UInt8>, from start: Int) -> Int? {
    guard start < span.count else { return nil }
    switch span[start] {
    case quote: return endOfString(span, from: start)
    case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfNest(span, from: start)
    default: return endOfWord(span, from: start)
    }
  }

  /// Where the array or object that begins here has ended, by counting brackets.
  private static func endOfNest(_ span: Span<UInt8>, from start: Int) -> Int? {
    var position = start
    var depth = 0
    while position < span.count {
      switch span[position] {
      case quote:
        guard let end = endOfString(span, from: position) else { return nil }
        position = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return position + 1 }
      default: break
      }
      position += 1
    }
    return nil
  }

  /// Where the number, or the word such as `null`, that begins here has ended.
  private static func endOfWord(_ span: Span<UInt8>, from start: Int) -> Int? {
    var position = start
    while position < span.count {
      switch span[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
        UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
        position += 1
      default: return position > start ? position : nil
      }
    }
    return position > start ? position : nil
  }
}
